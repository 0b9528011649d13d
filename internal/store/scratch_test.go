package store_test

import (
	"context"
	"testing"

	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
)

// A scratch schema takes a whole portal and is gone afterwards.
func TestScratchIsItsOwnSchema(t *testing.T) {
	ctx := context.Background()
	own, drop, err := store.Scratch(ctx, testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, own, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(ctx); err != nil {
		t.Error(err)
	}
	db.Close()
	if err := drop(); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(ctx, own, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Ready(ctx); err == nil {
		t.Error("the tables are still there")
	}
}
