// Package bench measures the portal on the machine it runs on, each figure
// beside what the machine itself needs for the same work in the same run: a bare
// net/http server, one password hash, a lone durable transaction. A number alone
// says little about a program; how far it is from its floor says much.
//
// It drives the whole portal from outside, on a synthetic clinic made from a
// seed, the way the demo does. It also holds the list of all pages (places.go):
// who opens each, where, and how many queries it may ask, which a test compares.
package bench
