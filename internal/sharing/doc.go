// Package sharing makes copies of a record that leave the portal: downloads that
// a person asks for.
//
// A copy is made of a Selection (sections, days, whether what is marked sensitive
// comes too) in one of four formats: a tagged PDF, plain text, a FHIR R4 bundle,
// a C-CDA Continuity of Care Document. Write makes one for any access.Reading, so
// that other ways of sharing use the same copies.
//
// # What gets in
//
// What the reader may see and nothing else: neither what is not released yet nor
// what was entered in error, and what is marked sensitive only if it was asked
// for. A report that holds a sensitive result is left out with it. A bundle holds
// documents byte for byte as they are kept. What is in a section comes in only
// when that section was chosen, never because something refers to it; files,
// specimens and people at the clinic, which are in no section, come in when
// something in the bundle refers to them; a Provenance only when all it speaks of
// is there. References that lead out of the bundle are listed in its last entry.
// The days asked for are the clinic's; what lasts (an illness, a medicine) counts
// for the whole of its time, and what has no date is never left out for it.
//
// # How a download is made
//
// Asking, looking at the list and taking the file need a raised session: the list
// tells which parts of a record somebody copied, and the file is all of it
// (security rule A8.8). A job makes the file section by section and notes how far
// it is. It may run twice; the newest run alone puts anything down. After three
// tries, sections that cannot be read are left out and named, and the rest is
// delivered. The file is packed and kept in sealed pieces for 24 hours; then it
// opens no more, and a job erases it. Its owner is told of each copy, with a link
// that says "this was not me". The file's name says nothing about the person.
//
// It refuses a second copy while one is being made for the account, and more than
// twenty in a day.
//
// Tables: download, download_file.
// Routes: GET and POST /records/download, GET /records/download/{id}, GET
// /records/download/{id}/file. Jobs: sharing.make, sharing.sweep. Audit:
// download.asked, download.made, download.taken.
package sharing
