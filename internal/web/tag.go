package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// Tagged lets a program that has the same content already keep it: the reply carries a
// tag made of its content, and is empty, with 304, for whoever sends that tag. Others
// between us and the program still may not keep it.
func (r Reply) Tagged() Reply {
	sum := sha256.Sum256(r.body)
	r.tag = `"` + hex.EncodeToString(sum[:16]) + `"`
	return r
}

// unchanged sets the tag and tells whether the program has this content.
func (r Reply) unchanged(q *Request) bool {
	h := q.w.Header()
	h.Set("ETag", r.tag)
	h.Set("Cache-Control", "private, no-cache")
	for given := range strings.SplitSeq(q.Header.Get("If-None-Match"), ",") {
		if given = strings.TrimPrefix(strings.TrimSpace(given), "W/"); given == r.tag || given == "*" {
			q.w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}
