package clinic

import (
	"errors"
	"net/http"
	"regexp"

	"portico/internal/store"
	"portico/internal/web"
)

// Mount registers the files that pages of the clinic's look need.
func (r *Room) Mount(router *web.Router) {
	router.SystemHandler("GET /clinic/{file}", http.HandlerFunc(r.serveFile))
}

// keptName is what files in the database are called: anything else is not asked for.
var keptName = regexp.MustCompile(`^logo\.[0-9a-f]{20}\.png$`)

// serveFile gives a file by its name, which holds the hash of its content. A page
// may come from another server that knows of a change this one has not heard of.
func (r *Room) serveFile(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("file")
	f, ok := r.now.Load().files[name]
	if !ok {
		r.Glance()
		f, ok = r.now.Load().files[name]
	}
	if !ok && keptName.MatchString(name) {
		ok = true
		err := r.DB.View(req.Context(), func(tx *store.Tx) (err error) {
			f, err = file(req.Context(), tx, name)
			return err
		})
		if errors.Is(err, store.ErrNone) {
			http.NotFound(w, req)
			return
		}
		if err != nil {
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
	}
	if !ok {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", f.Mime)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Write(f.Body)
}
