package sharing

import (
	"strings"
	"testing"
	"time"

	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// follow joins a record to another, or parts it again.
func (r *rig) follow(rec, person ids.Patient) {
	r.t.Helper()
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) error {
		was, err := record.Chart(ctx, tx, rec)
		if err != nil {
			return err
		}
		if err := record.Follow(ctx, tx, rec, person); err != nil {
			return err
		}
		return r.Follow(ctx, tx, duty, rec, was, person)
	}); err != nil {
		r.t.Fatal(err)
	}
}

func TestLinksAndCopiesFollowTheirRecord(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("1", "a", "6.1"), a1c("2", "b", "9.9"))
		r.out.leads["acc_ana"] = ana
		made := r.link(r.sharer("acc_ana", ana), linkOrder(record.Results))
		p := held(t, made)
		id := r.ask(r.chart("acc_ana", ana), whole(Text))
		r.drain()

		r.follow(ana, ben) // the records are one person's; the account leads to ben's now
		r.out.leads["acc_ana"] = ben
		if _, err := r.open(p, "kettle7"); err != nil {
			t.Errorf("joined: %v", err)
		}
		if one, list, err := r.links.Opened(ctx, r.sharer("acc_ana", ben), made.ID); err != nil || one.State != LinkOpen || len(list) != 1 {
			t.Errorf("joined: %+v %v", one, err)
		}
		if _, text := r.file(r.chart("acc_ana", ben), id); !strings.Contains(text, "6.1") || strings.Contains(text, "9.9") {
			t.Error("joined: the copy is not what it was")
		}
		both := r.link(r.sharer("acc_ana", ben), linkOrder(record.Results))
		bothCopied := r.ask(r.chart("acc_ana", ben), whole(Text))
		r.drain()
		if _, text := r.file(r.chart("acc_ana", ben), bothCopied); !strings.Contains(text, "6.1") || !strings.Contains(text, "9.9") {
			t.Fatal("a copy of the joined chart lacks something")
		}

		r.follow(ana, ana) // they are two people after all
		r.out.leads["acc_ana"], r.out.leads["acc_ben"] = ana, ben
		if _, err := r.open(p, "kettle7"); err != nil {
			t.Errorf("parted: %v", err)
		}
		if _, text := r.file(r.chart("acc_ana", ana), id); !strings.Contains(text, "6.1") {
			t.Error("parted: the copy is gone")
		}
		r.out.leads["acc_ana"] = "" // even if the account still led there
		if _, err := r.open(held(t, both), "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a link that shows both opens: %v", err)
		}
		if _, err := r.Take(ctx, r.chart("acc_ana", ben), bothCopied); !fault.Is(err, fault.NotFound) {
			t.Errorf("a copy of both is handed out: %v", err)
		}
		if one, _, err := r.links.Opened(ctx, r.sharer("acc_ana", ben), both.ID); err != nil || one.State != LinkParted || one.Ended.IsZero() {
			t.Errorf("%+v %v", one, err)
		}
		if n := r.count(`SELECT COUNT(*) FROM share_file WHERE share_id = $1`, string(both.ID)) + r.count(`SELECT COUNT(*) FROM download_file WHERE download_id = $1`, string(bothCopied)); n != 0 {
			t.Errorf("%d pieces of both are kept", n)
		}
		if r.audited(audit.ShareEnded) != 1 {
			t.Error("the log does not say that a link ended")
		}
	})
}

// What was read before records were joined or parted is not handed out after.
func TestWhatIsMadeMeanwhileIsMadeAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("1", "a", "6.1"), a1c("2", "b", "9.9"))
		r.follow(ana, ben)
		id := r.ask(r.chart("acc_ben", ben), whole(Text))
		w, _, err := r.begin(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if w.homes, err = r.homes(ctx, ben); err != nil || len(w.homes) != 2 {
			t.Fatal(err, w.homes)
		}
		if _, _, err := r.fill(ctx, duty, w); err != nil {
			t.Fatal(err)
		}
		r.follow(ana, ana)
		if err := r.end(ctx, duty, w, Ready, nil, 1); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a copy of both was finished: %v", err)
		}
		r.clock.Move(time.Minute)
		r.drain()
		if _, text := r.file(r.chart("acc_ben", ben), id); strings.Contains(text, "6.1") || !strings.Contains(text, "9.9") {
			t.Errorf("it was not made again: %s", text)
		}
		// An account that leads elsewhere by now makes no link of the old chart.
		c := r.sharer("acc_ben", ben)
		r.out.leads["acc_ben"] = ana
		if _, err := r.links.Make(ctx, c, linkOrder(record.Results)); !fault.Is(err, fault.NotFound) {
			t.Errorf("a link was made: %v", err)
		}
	})
}
