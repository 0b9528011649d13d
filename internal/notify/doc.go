// Package notify tells people things: e-mail, text, voice call, letter.
//
// Placeholder sentence replaced below.
package notify
