// Package demo makes a synthetic clinic of any size: people who never lived,
// the same for the same seed, in the same form that a real clinic's data takes
// (FHIR R4 Patient resources), so that the demo, the tests and the benchmarks
// all come in through the front door.
package demo
