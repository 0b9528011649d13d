package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/registry"
	"portico/internal/store"
	"portico/internal/web"
)

// Mount registers the address of feeds and the pages about them.
func (i *Door) Mount(r *web.Router) {
	r.System("POST /feeds/fhir", i.serveFeed)
	i.mountPages(r)
}

// What one message may be, and how many at once: two, each with its body and one
// window of resources, stay within 64 MiB (security rule T49).
const (
	maxBody = 16 << 20
	slots   = 2
	slotFor = 5 * time.Second // how long a message waits for its turn
)

// Limits of messages. A feed that has more to say puts more into a message; an
// address that has the wrong token ten times in ten minutes is guessing or broken.
var (
	perFeed    = limit.Rule{Name: "ingest.feed", Max: 600, Per: time.Minute}
	perAddress = limit.Rule{Name: "ingest.address", Max: 1200, Per: time.Minute}
	perMiss    = limit.Rule{Name: "ingest.miss", Max: 10, Per: 10 * time.Minute}
)

// outcome is FHIR's OperationOutcome (hl7.org/fhir/R4/operationoutcome.html).
type outcome struct {
	ResourceType string  `json:"resourceType"`
	Issue        []issue `json:"issue"`
}

type issue struct {
	Severity    string   `json:"severity"`
	Code        string   `json:"code"`
	Diagnostics string   `json:"diagnostics"`
	Expression  []string `json:"expression,omitempty"`
}

func say(status int, severity, code, text string) web.Reply {
	return answer(status, outcome{"OperationOutcome", []issue{{Severity: severity, Code: code, Diagnostics: text}}})
}

func answer(status int, o outcome) web.Reply {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err) // our own strings only
	}
	return web.Bytes("application/fhir+json", "", b).Status(status)
}

// serveFeed takes one message. It is for programs: a request with a browser's
// cookies is refused, so that no page of another site can send one in somebody's
// name.
func (i *Door) serveFeed(q *web.Request) (web.Reply, error) {
	reply, err := i.feed(q)
	var f *fault.Fault
	switch {
	case err == nil:
		return reply, nil
	case errors.As(err, &f) && f.Kind == fault.TooMany:
		return say(http.StatusTooManyRequests, "error", "throttled", "There were too many messages. Wait before the next one.").After(f.Retry), nil
	case errors.As(err, &f) && f.Kind == fault.Unavailable, errors.Is(err, context.DeadlineExceeded):
		return say(http.StatusServiceUnavailable, "error", "transient", "The portal is busy. Send the message again later.").After(slotFor), nil
	}
	return reply, err
}

func (i *Door) feed(q *web.Request) (web.Reply, error) {
	ctx, from := q.Context(), q.Visitor().Source()
	if q.Header.Get("Cookie") != "" || q.Header.Get("Origin") != "" {
		return say(http.StatusForbidden, "error", "forbidden", "This address is for programs, not for browsers."), nil
	}
	if err := i.Limit.Check(ctx, perAddress, "error.busy", string(from)); err != nil {
		return web.Reply{}, err
	}
	f, err := i.authenticate(ctx, q)
	if errors.Is(err, errStranger) {
		return say(http.StatusUnauthorized, "error", "login", "These credentials belong to no feed.").Challenge(`Bearer realm="feeds"`), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	if err := i.Limit.Check(ctx, perFeed, "error.busy", string(f.ID)); err != nil {
		return web.Reply{}, err
	}
	read, ok := readers[kindOf(q.Header.Get("Content-Type"))]
	if enc := q.Header.Get("Content-Encoding"); !ok || enc != "" && enc != "identity" && enc != "gzip" {
		return say(http.StatusUnsupportedMediaType, "error", "not-supported", "Send application/fhir+json, application/fhir+ndjson or application/xml, plain or gzipped."), nil
	}
	free, err := i.slot(ctx)
	if err != nil {
		return web.Reply{}, err
	}
	defer free()
	body, err := io.ReadAll(io.LimitReader(q.Body, maxBody+1))
	if err != nil {
		return say(http.StatusBadRequest, "error", "incomplete", "The message ended before its end."), nil
	}
	if len(body) > maxBody {
		return say(http.StatusRequestEntityTooLarge, "error", "too-long", fmt.Sprintf("A message may have at most %d bytes. Send several.", maxBody)), nil
	}
	rep, err := i.message(ctx, f, from, body, read)
	if err != nil {
		return web.Reply{}, fmt.Errorf("feed: %w", err)
	}
	return report(rep), nil
}

// authenticate finds out who sends. Each miss is counted and written down.
func (i *Door) authenticate(ctx context.Context, q *web.Request) (Feed, error) {
	token, ok := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return Feed{}, errStranger
	}
	f, err := i.known(ctx, strings.TrimSpace(token))
	if !errors.Is(err, errStranger) {
		return f, err
	}
	source := q.Visitor().Source()
	if err := i.Limit.Check(ctx, perMiss, "error.busy", string(source)); err != nil {
		return Feed{}, err
	}
	e := access.NewDuty("feeds").Did(audit.FeedTried, "").As(audit.Refused)
	e.Source = string(source)
	if err := i.DB.Change(ctx, e, func(*store.Tx) error { return nil }); err != nil {
		return Feed{}, err
	}
	return Feed{}, errStranger
}

// slot waits for a turn.
func (i *Door) slot(ctx context.Context) (func(), error) {
	i.once.Do(func() { i.turns = make(chan struct{}, slots) })
	wait := time.NewTimer(slotFor)
	defer wait.Stop()
	select {
	case i.turns <- struct{}{}:
		return func() { <-i.turns }, nil
	case <-wait.C:
		return nil, fault.Down("error.busy", slotFor, errors.New("all turns of feeds are taken"))
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readers are how each kind of message is read.
var readers = map[string]func(context.Context, *work, string, []byte) error{"fhir": resources, "ccda": document}

// kindOf tells what a content type is.
func kindOf(contentType string) string {
	t, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
	case slices.Contains([]string{"application/fhir+json", "application/json", "application/fhir+ndjson", "application/x-ndjson", "application/ndjson"}, t):
		return "fhir"
	case slices.Contains([]string{"application/xml", "text/xml", "application/cda+xml"}, t):
		return "ccda"
	}
	return ""
}

// maxIssues is how many refusals one answer tells.
const maxIssues = 200

// report tells a program what became of its message: 200 if all of it is known
// now, 422 if something was refused, 413 if it was too much.
func report(r Report) web.Reply {
	o := outcome{ResourceType: "OperationOutcome"}
	p, t := r.People, r.Records.Tally
	o.Issue = append(o.Issue, issue{Severity: "information", Code: "informational",
		Diagnostics: fmt.Sprintf("patients: %d new, %d changed, %d unchanged, %d older than known, %d refused; resources: %s", p.New, p.Changed, p.Unchanged, p.Older, p.Refused, counts(t))})
	status := http.StatusOK
	for _, f := range slices.Concat(p.Refusals, r.Told) {
		if status == http.StatusOK {
			status = http.StatusUnprocessableEntity
		}
		if f.Entry == 0 && (f.Key == "registry.import.too_large" || f.Key == "ingest.ccda.too_large") || f.Key == "registry.import.too_many" {
			status = http.StatusRequestEntityTooLarge
		}
		if len(o.Issue) <= maxIssues {
			o.Issue = append(o.Issue, issueOf(f))
		}
	}
	return answer(status, o)
}

// issueOf writes a refusal in FHIR's words. It has places, never values.
func issueOf(f registry.Refusal) issue {
	i := issue{Severity: "error", Code: "invalid"}
	switch f.Key {
	case "record.refused.unknown_patient":
		i.Code = "not-found"
	case "record.refused.other_patient", "record.refused.taken", "ingest.refused.reused":
		i.Code = "security"
	case "record.refused.nobody":
		i.Code = "required"
	case "registry.import.too_large", "registry.import.too_many", "registry.import.too_deep", "ingest.ccda.too_large", "ingest.ccda.too_many", "ingest.ccda.too_deep":
		i.Code = "too-costly"
	}
	path := f.Path
	if f.Entry > 0 {
		i.Expression = []string{strings.TrimSuffix(fmt.Sprintf("Bundle.entry[%d].resource.%s", f.Entry-1, path), ".")}
	} else if path != "" {
		i.Expression = []string{path}
	}
	f.File = ""
	i.Diagnostics = f.Sentence(lang.En)
	return i
}
