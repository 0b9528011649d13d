//go:build race

package ingest_test

// slower is by how much the race detector slows everything down.
const slower = 12
