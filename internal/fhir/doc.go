// Package fhir reads FHIR R4 JSON from outside: bundles, single resources and
// NDJSON, plain or gzipped, one resource at a time.
//
// It owns the reading and the shape of what it understands (so far: Patient).
// It does no I/O of its own, keeps nothing, and does not judge whether a
// resource makes clinical sense. Every resource is handed on byte for byte as
// it came, less NUL bytes and broken UTF-8, so that nothing unknown is lost.
//
// # Hostile input
//
// The reader never holds more than one resource. Depth, size and number of
// resources are bounded, and an object that has the same key twice, or in two
// spellings of upper and lower case, is refused: encoding/json would let the
// last one win ({"role":"a","ROLE":"b"} gives b). A refused resource does not
// stop the rest of its bundle. Errors name file, entry and path, never a value.
package fhir
