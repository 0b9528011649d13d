// Package console is the door the clinic's own people come in by: finding a
// patient, issuing and revoking codes, reviewing identity requests, and the
// office pages for administrators and auditors. It owns pages only; what
// happens, happens in the rooms it calls, each operation with the proof of the
// staff user's task.
package console
