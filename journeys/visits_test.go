package journeys

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/demo"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/scheduling"
	"portico/internal/store"
	"portico/internal/testkit/chrome"
)

// A patient books a visit, gives it another time and cancels it; the clerk sees it in
// the week.
func TestAPatientBooksMovesAndCancels(t *testing.T) {
	c, people := pair(t, true)
	for _, p := range people {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			if p.Phone { // who travels is told both times
				b.Open("/account/display").Want(l.T("account.display.title")).Choose("zone", "Europe/Madrid").Follow(l.T("page.display.save"))
			}
			b.Open("/visits").Want(l.T("scheduling.title")).Follow(l.T("scheduling.book"))
			kind := vaccine[l]
			b.Want(l.T("scheduling.new.title")).Follow(kind)
			b.Want(l.T("scheduling.time.title", kind)).Follow(l.T("scheduling.time.more"))
			b.Want(l.T("scheduling.time.title", kind)).Follow(firstTime(b))
			began := c.clock.Now()
			b.Want(l.T("scheduling.confirm.title")).Fill("reason", "Flu")
			c.clock.move(6 * time.Minute) // the hold is over; what was written stays
			b.Follow(l.T("scheduling.confirm.button"))
			b.Want(l.T("scheduling.time.title", kind)).Says(l.T("scheduling.why.over")).Says(l.T("scheduling.time.kept")).Follow(firstTime(b))
			if got := b.Want(l.T("scheduling.confirm.title")).Value("reason"); got != "Flu" {
				t.Errorf("the reason has become %q", got)
			}
			b.Follow(l.T("scheduling.confirm.letgo"))
			b.Want(l.T("scheduling.time.title", kind)).Says(l.T("scheduling.time.kept")).Follow(firstTime(b))
			if got := b.Want(l.T("scheduling.confirm.title")).Value("reason"); got != "Flu" {
				t.Errorf("after another time was picked the reason is %q", got)
			}
			if p.Phone && strings.Count(b.Text("main"), "Madrid") < 2 {
				t.Error("a page with two times does not say what they are in Madrid")
			}
			b.Follow(l.T("scheduling.confirm.button"))
			b.Want(kind).Says("Grace Mbeki")
			g := c.comes(t, p, who, began)
			b.Reload().Want(kind).Says(l.T("scheduling.answer.coming.done")).Follow(l.T("scheduling.move"))
			later := c.clock.Now().AddDate(0, 0, 12).Format(time.DateOnly) // or no reminder would be due any more
			b.Want(l.T("scheduling.move.title")).Open(b.Path() + "?from=" + later)
			b.Want(l.T("scheduling.move.title")).Follow(firstTime(b))
			b.Want(kind)
			g.Reload().Want(l.T("scheduling.link.title")).Says(l.T("scheduling.link.gone"))

			desk := chrome.New(t, c.base, atDesk(p))
			signInStaff(t, c, desk, l, 1)
			day := ""
			b.Eval(`location.pathname`, &day)
			desk.Open("/staff/schedule/visits/" + day[len("/visits/"):]).Says(who.Family).Says("Flu")
			desk.Open("/staff/schedule").Want(desk.Heading())
			if p.Phone {
				c.keepsACalendar(t, b, l, who)
				c.cannotCome(t, p, who, ids.Appointment(day[len("/visits/"):]))
				return
			}

			b.Follow(l.T("scheduling.cancel"))
			b.Want(l.T("scheduling.cancel.title")).Follow(l.T("scheduling.cancel.button"))
			b.Open("/visits").Want(l.T("scheduling.title")).Says(l.T("scheduling.state.cancelled"))
			c.clerksWeek(t, b, desk, l, who)
		})
	}
}

// clerksWeek books two visits for a patient, writes a note, moves one, cancels the
// other; after the cut-off the patient is told to call, and the clerk lets them in.
func (c *clinic) clerksWeek(t *testing.T, b, desk *chrome.Tab, l lang.Lang, who demo.AccountCard) {
	of, err := c.app.Registry.Numbered(context.Background(), access.NewDuty("test"), who.Number)
	if err != nil {
		t.Fatal(err)
	}
	book := func() string {
		kind := ""
		desk.Open("/staff/schedule/book/"+string(of)).Want(desk.Heading()).Eval(`[...document.querySelectorAll("select[name=type] option")].at(-1).value`, &kind)
		desk.Open(desk.Path() + "?type=" + kind).Want(desk.Heading()).Follow(firstTime(desk))
		desk.Want(desk.Heading()).Says(l.T("scheduling.desk.done.booked"))
		return strings.TrimPrefix(desk.Path(), "/staff/schedule/visits/")
	}
	dropped := book()
	opened := false
	desk.Eval(`document.querySelector("details:has(textarea[name=why])").open = true`, &opened)
	desk.Fill("why", "La médica está enferma").Follow(l.T("scheduling.cancel.desk"))
	desk.Want(desk.Heading()).Says(l.T("scheduling.desk.done.cancelled"))
	b.Open("/visits/" + dropped).Want(b.Heading()).Says("La médica está enferma")
	id := book()
	c.weekChanges(t, b, desk, l, id)
	desk.Open("/staff/schedule/visits/"+id).Want(desk.Heading()).Fill("note", "Viene con silla de ruedas").Follow(l.T("scheduling.note.save"))
	desk.Want(desk.Heading()).Says(l.T("scheduling.desk.done.noted")).Follow(l.T("scheduling.move"))
	desk.Want(desk.Heading()).Follow(firstTime(desk))
	desk.Want(desk.Heading()).Says(l.T("scheduling.desk.done.moved"))

	m, err := c.app.Visits.Standing(context.Background(), access.NewDuty("test"), ids.Appointment(id))
	if err != nil {
		t.Fatal(err)
	}
	c.clock.move(m.Visit.Start.Add(-time.Minute).Sub(c.clock.Now()))
	b = chrome.New(t, c.base, chrome.Person{Lang: string(l), Phone: true})
	c.signIn(t, b, l, who)
	b.Open("/visits/" + id).Want(b.Heading()).Says(l.T("scheduling.why.cutoff")).Screenshot("visit-after-the-cutoff")
	b.Open("/visits/" + id + "/cancel").Want(b.Heading())
	if b.Path() != "/visits/"+id || b.Shows("silla") {
		t.Errorf("after the cut-off the patient stands at %s", b.Path())
	}
	desk = chrome.New(t, c.base, atDesk(chrome.Person{Lang: string(l)}))
	signInStaff(t, c, desk, l, 1)
	desk.Open("/staff/schedule/visits/" + id).Want(desk.Heading()).Follow(l.T("scheduling.mark.arrived"))
	desk.Want(desk.Heading()).Says(l.T("scheduling.state.arrived")).Follow(l.T("scheduling.mark.booked"))
	desk.Want(desk.Heading()).Follow(l.T("scheduling.mark.no_show")) // a minute too early
	desk.Want(desk.Heading()).Says(l.T("scheduling.mark.early"))
	c.clock.move(2 * time.Minute)
	desk.Follow(l.T("scheduling.mark.no_show"))
	desk.Want(desk.Heading()).Says(l.T("scheduling.state.no_show"))
	b.Open("/visits").Want(l.T("scheduling.title")).Says(l.T("scheduling.state.no_show")).FollowTo("/visits/" + id)
	b.Want(b.Heading()).Says(l.T("scheduling.state.no_show")).Screenshot("visit-missed")
}

// weekChanges takes the hours out in which a visit is booked: who does it is told of
// it, the clerk finds it on the schedule, and the patient still has it.
func (c *clinic) weekChanges(t *testing.T, b, desk *chrome.Tab, l lang.Lang, id string) {
	ctx := context.Background()
	at, err := c.app.Visits.Standing(ctx, access.NewDuty("test"), ids.Appointment(id))
	if err != nil {
		t.Fatal(err)
	}
	local := at.Visit.Start.In(page.ZoneOf(c.app.Clinic))
	block := ""
	if err := c.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		block, err = store.Get(ctx, tx, store.One[string], `SELECT id FROM schedule_block WHERE clinician_id = $1 AND weekday = $2 AND from_minute <= $3 AND until_minute > $3 ORDER BY id LIMIT 1`,
			at.Visit.Clinician, int64(local.Weekday()), local.Hour()*60+local.Minute())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	admin := chrome.New(t, c.base, atDesk(chrome.Person{Lang: string(l), NoScript: true}))
	signInStaff(t, c, admin, l, 2)
	admin.Open("/staff/schedule/setup").Want(l.T("scheduling.setup.title")).FollowTo("/staff/schedule/clinicians/" + string(at.Visit.Clinician))
	hours := "/staff/schedule/clinicians/" + string(at.Visit.Clinician) + "/hours?block=" + block
	admin.Want(at.Clinician).FollowTo(hours)
	admin.Want(l.T("scheduling.block.change")).Fill("until", "later").Follow(l.T("scheduling.save"))
	admin.Want(l.T("scheduling.block.change")).Says(l.T("scheduling.until.bad"))
	// Until the visit begins, no longer: it would stand outside the week.
	admin.Fill("from", "0:00").Fill("until", local.Format("15:04")).Follow(l.T("scheduling.save"))
	admin.Want(l.T("scheduling.block.change")).Says(l.T("scheduling.stays.week")).Screenshot("hours-changed-with-visits")
	admin.Open(hours).Want(l.T("scheduling.block.change")).Fill("until", "24:00").Follow(l.T("scheduling.save"))
	admin.Want(at.Clinician).Says(l.T("scheduling.desk.done")).FollowTo(hours)
	admin.Want(l.T("scheduling.block.change")).Follow(l.T("scheduling.block.drop"))
	admin.Want(at.Clinician).Says(l.T("scheduling.stays.week")).Screenshot("hours-with-visits").Follow(l.T("scheduling.block.drop.sure"))
	admin.Want(at.Clinician).Says(l.T("scheduling.desk.done"))
	b.Open("/visits/" + id).Want(b.Heading()).Says(l.T("scheduling.state.booked"))
	if !desk.Open("/staff/schedule").Want(desk.Heading()).Has(`.note a[href="/staff/schedule/visits/` + id + `"]`) {
		t.Error("the schedule does not say that a visit stands outside the week")
	}
}

// firstTime gives the words on the button of the first time offered.
func firstTime(b *chrome.Tab) (words string) {
	b.Eval(`document.querySelector("main button[name=time]").textContent.trim()`, &words)
	return words
}

// A patient asks for a visit that the clinic books itself; the clerk proposes two
// times, and the patient takes one.
func TestARequestIsAnsweredWithTimes(t *testing.T) {
	c, people := pair(t, false)
	for _, p := range people {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			kind := map[lang.Lang]string{lang.En: "Small surgery", lang.Es: "Cirugía menor"}[l]
			b.Open("/visits/new").Want(l.T("scheduling.new.title")).Follow(kind)
			b.Want(l.T("waiting.request.title", kind)).Follow(l.T("waiting.request.button")) // says nothing
			b.Want(l.T("waiting.request.title", kind)).Says(l.T("waiting.words")).Fill("reason", "A mole").Choose("day_4", "yes").Follow(l.T("waiting.request.button"))
			b.Want(l.T("waiting.request.of", kind)).Says(l.T("waiting.lead.open"))
			b.Open("/visits").Want(l.T("scheduling.title")).Says(l.T("waiting.state.open"))

			desk := chrome.New(t, c.base, atDesk(p))
			signInStaff(t, c, desk, l, 1)
			desk.Open("/staff/schedule").Want(desk.Heading()).Follow(l.T("waiting.desk.nav"))
			desk.Want(l.T("waiting.desk.title")).Follow(who.Given + " " + who.Family)
			desk.Want(who.Given).Says("A mole").Follow(l.T("waiting.desk.propose")) // ticked nothing
			desk.Want(who.Given).Says(l.T("waiting.why.three"))
			for _, n := range []string{"-1", "-4"} { // of the last day: far enough away and apart
				value := ""
				desk.Eval(`[...document.querySelectorAll("input[name=time]")].at(`+n+`).value`, &value)
				desk.Choose("time", value)
			}
			desk.Follow(l.T("waiting.desk.propose"))
			desk.Want(l.T("waiting.desk.title")).Says(l.T("waiting.desk.state.proposed"))

			b.Open("/visits").Want(l.T("scheduling.title")).Says(l.T("waiting.state.proposed")).Follow(kind)
			b.Want(l.T("waiting.request.of", kind)).FollowIn("main form li:first-child", l.T("waiting.take"))
			b.Want(kind).Says(l.T("scheduling.done.booked")).Says("Amelia Reyes")
		})
	}
}

// Two patients wait for an earlier time and are asked about the same one: one has it,
// the other is told and keeps the visit there was.
func TestTheWaitingListHasOneWinner(t *testing.T) {
	c, people := pair(t, true)
	// Before anybody works: late in the day one would still be offered a time of today
	// and the other, a little later, none before tomorrow.
	now := c.clock.Now().In(page.ZoneOf(c.app.Clinic))
	c.clock.move(time.Date(now.Year(), now.Month(), now.Day()+1, 5, 0, 0, 0, now.Location()).Sub(now))
	wins, loses := chrome.New(t, c.base, people[1]), chrome.New(t, c.base, people[0])
	l, m := lang.Lang(people[1].Lang), lang.Lang(people[0].Lang)
	c.waits(t, wins, l)
	c.waits(t, loses, m)
	first, second := wins.Path(), loses.Path()
	offered(wins, l, first)
	offered(loses, m, second)
	c.oneTime(t, first, second)
	loses.Reload()
	wins.Follow(l.T("waiting.take"))
	wins.Want(vaccine[l]).Says(l.T("scheduling.done.moved"))
	loses.Follow(m.T("waiting.take"))
	loses.Want(m.T("waiting.earlier.of", vaccine[m])).Says(m.T("waiting.why.gone"))
	loses.Open("/visits").Want(m.T("scheduling.title")).Says("Grace Mbeki") // the visit there was
}

var vaccine = map[lang.Lang]string{lang.En: "Vaccine", lang.Es: "Vacuna"}

// oneTime makes two people be asked about the same time: on a slow machine the second
// asks so late that the first free time is another by then.
func (c *clinic) oneTime(t *testing.T, first, second string) {
	t.Helper()
	id := func(path string) string { return path[strings.LastIndex(path, "/")+1:] }
	same := ""
	for _, column := range []string{"clinician_id", "place_id", "video", "day", "starts_at", "ends_at"} {
		same += ", " + column + ` = (SELECT o.` + column + ` FROM wish_offer o WHERE o.wish_id = $1 AND o.state = 'open' ORDER BY o.starts_at LIMIT 1)`
	}
	if err := c.app.DB.Change(context.Background(), access.NewDuty("test").Did(audit.ScheduleChanged, "test"), func(tx *store.Tx) error {
		n, err := tx.Exec(context.Background(), `UPDATE wish_offer SET state = state`+same+` WHERE wish_id = $2 AND state = 'open'`, id(first), id(second))
		if err == nil && n == 0 {
			err = errors.New("nothing is offered any more")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// waits books a visit some days ahead and asks for an earlier time.
func (c *clinic) waits(t *testing.T, b *chrome.Tab, l lang.Lang) {
	kind := vaccine[l]
	c.signIn(t, b, l, c.speaking(l))
	b.Open("/visits/new").Want(l.T("scheduling.new.title")).Follow(kind)
	b.Want(l.T("scheduling.time.title", kind)).Follow(l.T("scheduling.time.more"))
	b.Want(l.T("scheduling.time.title", kind)).Follow(l.T("scheduling.time.more"))
	b.Want(l.T("scheduling.time.title", kind)).Follow(firstTime(b))
	b.Want(l.T("scheduling.confirm.title")).Follow(l.T("scheduling.confirm.button"))
	b.Want(kind).Follow(l.T("scheduling.earlier"))
	b.Want(l.T("waiting.earlier.title", kind)).Follow(l.T("waiting.earlier.button"))
	b.Want(l.T("waiting.earlier.of", kind)).Says(l.T("waiting.done.earlier"))
}

// offered waits until a time is offered.
func offered(b *chrome.Tab, l lang.Lang, wish string) {
	b.T.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if b.Open(wish).Shows(l.T("waiting.take")) {
			b.Want(b.Heading())
			return
		}
	}
	b.T.Fatal("nothing is offered")
}

// comes opens the link in the message about a visit, in a browser where nobody is
// signed in, and says "I will come".
func (c *clinic) comes(t *testing.T, p chrome.Person, who demo.AccountCard, since time.Time) *chrome.Tab {
	l := lang.Lang(p.Lang)
	path := link(t, c.about(t, who.Email, "notify.visit.subject", since))
	g := chrome.New(t, c.base, p)
	g.Open(path).Want(l.T("scheduling.link.title")).Says(l.Zone(page.ZoneOf(c.app.Clinic)))
	if g.Shows(who.Family) || g.Shows(who.Given) || g.Shows("Mbeki") {
		t.Error("the page behind the link says who")
	}
	g.Screenshot("visit-link-" + p.String())
	return g.Follow(l.T("scheduling.answer.coming")).Want(l.T("scheduling.link.title")).Says(l.T("scheduling.answer.coming.done")).Screenshot("visit-link-said-" + p.String())
}

// cannotCome is reminded the day before, opens that link and gives the visit up.
func (c *clinic) cannotCome(t *testing.T, p chrome.Person, who demo.AccountCard, id ids.Appointment) {
	ctx, l := context.Background(), lang.Lang(p.Lang)
	var start store.Time
	state := func() (st scheduling.State) {
		if err := c.app.DB.View(ctx, func(tx *store.Tx) (err error) {
			st, err = store.Get(ctx, tx, func(r store.Row) (st scheduling.State, err error) { return st, r.Scan(&st, &start) }, `SELECT state, starts_at FROM appointment WHERE id = $1`, id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return st
	}
	state()
	c.clock.move(start.Std().Add(-24 * time.Hour).Sub(c.clock.Now()))
	began := c.clock.Now()
	if err := c.app.Visits.Remind(ctx, access.NewDuty("test")); err != nil {
		t.Fatal(err)
	}
	m := c.about(t, who.Email, "notify.visit.subject", began)
	if !strings.Contains(m.Text, l.T("notify.visit.reminder.title")) {
		t.Errorf("this is no reminder: %s", m.Text)
	}
	g := chrome.New(t, c.base, p)
	g.Open(link(t, m)).Want(l.T("scheduling.link.title")).Follow(l.T("scheduling.answer.cancel"))
	g.Want(l.T("scheduling.done.cancelled")).Says(l.T("scheduling.link.cancelled")).Screenshot("visit-link-cancelled-" + p.String())
	if st := state(); st != scheduling.Cancelled {
		t.Errorf("the visit is %s", st)
	}
}

// keepsACalendar makes an address for a calendar program, which reads it, and ends it.
func (c *clinic) keepsACalendar(t *testing.T, b *chrome.Tab, l lang.Lang, who demo.AccountCard) {
	b.Open("/visits").Want(l.T("scheduling.title")).Follow(l.T("agenda.title"))
	b.Want(l.T("agenda.title")).Choose("shows", "place").Follow(l.T("agenda.make"))
	c.confirm(t, b, l, who)
	b.Want(l.T("agenda.title")).Choose("shows", "place").Follow(l.T("agenda.make"))
	b.Want(l.T("agenda.ready"))
	address := b.Text("#feed-address")
	read := func() (int, string) {
		res, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	status, file := read()
	if status != http.StatusOK || !strings.Contains(file, "BEGIN:VEVENT") || strings.Contains(file, "Mbeki") || strings.Contains(file, who.Family) {
		t.Errorf("%d %s", status, file)
	}
	b.Follow(l.T("agenda.done")).Want(l.T("agenda.title")).Screenshot("calendar-" + string(l))
	b.Follow(l.T("agenda.end")).Want(l.T("agenda.title"))
	if status, _ := read(); status != http.StatusNotFound {
		t.Errorf("an ended address answers %d", status)
	}
}
