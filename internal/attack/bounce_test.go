package attack

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"portico/internal/notify"
	"portico/internal/store"
)

// What is passed on as a mail server's report tells nobody anything and changes
// one e-mail at most: the one whose identifier it knows.
func TestReportsOfMailProveWhatTheyKnow(t *testing.T) {
	w := lite(t)
	w.change(func(tx *store.Tx) error {
		for _, id := range []string{"msg_aaaaaaaaaaaaaaaaaaaaaaaaaa", "msg_bbbbbbbbbbbbbbbbbbbbbbbbbb"} {
			if _, err := tx.Exec(ctx, `INSERT INTO outbox (id, kind, channel, lang, patient_id, account_id, state, why, attempt, unsure, charged, created_at, expires_at, settled_at, provider_ref)
				VALUES ($1, 'new_result', 'email', 'en', $2, '', 'sent', '', 1, 0, FALSE, $3, $3, $3, $1)`, id, w.own.id, store.Time(tx.Now)); err != nil {
				return err
			}
		}
		return nil
	})
	tell := func(body io.Reader, as map[string]string) {
		t.Helper()
		req := httptest.NewRequest("POST", "https://"+host+notify.BouncePath, body)
		req.RemoteAddr = "127.0.0.1:1"
		for k, v := range as {
			req.Header.Set(k, v)
		}
		got := httptest.NewRecorder()
		w.h.ServeHTTP(got, req)
		want := 204
		if as["Sec-Fetch-Site"] != "" {
			want = 403
		}
		if got.Code != want || got.Code == 204 && (got.Body.Len() > 0 || got.Header().Get("Set-Cookie") != "") {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		w.work()
	}
	report := func(id string) string {
		return "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + id + "@riverside.example>\r\n--b--\r\n"
	}
	tell(strings.NewReader(report("msg_aaaaaaaaaaaaaaaaaaaaaaaaaa")), map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
	for _, body := range []string{"", "\x00", strings.Repeat("A", 2<<20), "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\n", 200_000),
		report("msg_cccccccccccccccccccccccccc"), report("msg_%"), report("msg_aaaaaaaaaaaaaaaaaaaaaaaaaa' OR '1'='1")} {
		tell(strings.NewReader(body), nil)
	}
	if n := w.list(`SELECT id FROM outbox WHERE state = 'failed'`); len(n) > 0 {
		t.Fatalf("%v were marked by reports that know nothing", n)
	}
	tell(strings.NewReader(report("msg_aaaaaaaaaaaaaaaaaaaaaaaaaa")), nil)
	tell(strings.NewReader(report("msg_aaaaaaaaaaaaaaaaaaaaaaaaaa")), nil)
	if n := w.list(`SELECT id FROM outbox WHERE state = 'failed'`); len(n) != 1 || n[0] != "msg_aaaaaaaaaaaaaaaaaaaaaaaaaa" {
		t.Errorf("%v came back", n)
	}
	w.logIsClean("msg_aaaaaaaaaaaaaaaaaaaaaaaaaa", "5.1.1")
}
