package app

import (
	"context"
	"net/http"
	"time"

	"portico/internal/web"
)

// mountHealth adds /healthz (the process lives) and /readyz (it can do its
// work: the database answers and has this version's tables).
func (a *App) mountHealth() {
	a.Router.System("GET /healthz", func(*web.Request) (web.Reply, error) {
		return web.Bytes("text/plain; charset=utf-8", "", []byte("ok\n")), nil
	})
	a.Router.System("GET /readyz", func(q *web.Request) (web.Reply, error) {
		ctx, cancel := context.WithTimeout(q.Context(), 3*time.Second)
		defer cancel()
		if err := a.DB.Ready(ctx); err != nil {
			a.Log.Warn("not ready", "err", err)
			return web.Bytes("text/plain; charset=utf-8", "", []byte("not ready\n")).Status(http.StatusServiceUnavailable), nil
		}
		return web.Bytes("text/plain; charset=utf-8", "", []byte("ready\n")), nil
	})
}
