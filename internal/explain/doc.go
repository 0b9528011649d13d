// Package explain says in plain words what a result is: for common laboratory
// tests, vital signs and questionnaires, chosen by their LOINC code, a name, what
// it looks at, why it is done, and what a high, a low or a found result can come
// with; for panels which tests belong to them; for flags and states of a result
// the word a patient reads. English and Spanish.
//
// What it refuses: to judge. It does not see a value, does not know a range, and
// has no word that reassures or diagnoses: "normal" does not occur, causes are
// things a result "can come with", and each entry ends by sending the reader to
// the care team. A test it does not know has no explanation; nothing is guessed
// from its name. Causes of death (69453-9) have none on purpose.
//
// The sentences are our own. Each entry names the MedlinePlus page on the same
// test, where a reader finds more. They lie in data/, and the tests hold both
// languages to the same keys and to sixth-grade words. No clinician and no
// native health writer has reviewed them yet: a clinic should before it opens.
//
// No I/O; nothing of ours is imported, so a language is its tag, "en" or "es".
package explain
