//go:build !race

package ingest_test

const slower = 1
