package web

import "net/http"

// Open registers an address that scripts of every site may call, as protocols
// between systems want it. Whoever is signed in here counts for nothing there:
// the handler may not look at cookies, and browsers are not told to send any.
// For a pattern of POST the question browsers ask beforehand is answered too.
func (r *Router) Open(pattern string, h systemFunc) {
	t := r.note(pattern, Route{Audience: "system"})
	r.open = append(r.open, pattern)
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		anyOrigin(w)
		q := r.request(w, req, t)
		reply, err := h(q)
		r.answer(q, reply, err)
	})
	if t.Method != http.MethodPost {
		return
	}
	ask := http.MethodOptions + " " + t.Path
	r.note(ask, Route{Audience: "system"})
	r.mux.HandleFunc(ask, func(w http.ResponseWriter, _ *http.Request) {
		anyOrigin(w)
		w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	})
}

// anyOrigin lets scripts of every site read the answer.
func anyOrigin(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
}
