// Package sharing makes copies of a record that leave the portal: downloads that
// a person asks for, and links by which others read it.
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
// Copies for reading hold what notes, documents and reports say in full: plain
// text, HTML and clinical documents as words. Pictures are drawn in a PDF and
// other PDFs attached to it; each file that is not there is named, with where its
// owner gets it.
//
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
// # How a link works
//
// A SMART Health Link (HL7 SMART Health Cards and Links, STU 1) lets whoever
// holds it and its passcode read a snapshot of what its owner chose: a FHIR
// document in the shape of an International Patient Summary, and the same as a
// PDF. Both are encrypted with a key of the link's own, as JWE, when the link is
// made. The key stands in the link and nowhere else: the server hands out what it
// cannot read, keeps the address as a hash and the passcode as a password hash,
// and can show a link once only. So a link cannot follow the record (flag L of the
// standard is not offered), and what leaks from the database opens nothing.
//
// An address answers to name and passcode with a manifest. A passcode is counted
// before it is checked; the fifth wrong one in a link's life ends it. Files too
// large for the manifest have addresses good for ten minutes. A link that has
// ended, by its owner, by wrong passcodes, by time, or because the account was
// closed or frozen, answers like one that never was, and its files are erased.
// Both addresses answer scripts of every site, as the standard wants it.
//
// The page /view opens links of this portal. The link stands behind the # of its
// address, so neither we nor anybody between sees the key; a small script
// decrypts with the browser's own means and writes what it finds as text. Without
// JavaScript the page only says what to do: a form that sent the link to the
// server would give away the key that the whole design keeps from it.
//
// The owner sees on the link's page who opened it, as they called themselves, and
// is told when a link is made and first opened.
//
// Tables: download, download_file, share_link, share_file, share_opening.
// Routes: GET and POST /records/download, GET /records/download/{id}, GET
// /records/download/{id}/file, GET and POST /records/share, GET
// /records/share/{id}, POST /records/share/{id}/end, GET /view, POST
// /shl/{address}, GET /shl/file/{ticket}. Jobs: sharing.make, sharing.sweep,
// sharing.links. Audit: download.asked, download.made, download.taken,
// share.made, share.opened, share.ended.
package sharing
