// Package ccda reads and writes clinical documents in the HL7 CDA R2 format, as
// US clinics exchange them (C-CDA): a header in XML and sections for people to
// read.
//
// It owns the reading of one document from outside bytes, the narrative as a
// tree of its own types, and the writing of a Continuity of Care Document
// (CCD). It does no I/O of its own, keeps nothing, and does not judge whether a
// document makes clinical sense or whose it is.
//
// # What is read
//
// The header, the patient, an attached file, and of each section the title, the
// codes and the narrative, which by the standard (CDA R2, 4.3.5) holds
// everything a person must read. The coded entries beside the narrative are
// passed over, but for pictures the narrative refers to.
//
// # Hostile input
//
// Nothing is fetched and nothing is run: a document with a DOCTYPE is refused
// before any entity could be expanded, style sheets named by the document are
// ignored, and scripts, styles and elements the standard does not know come out
// as text. Size after unpacking, depth, number of elements and the length of a
// single tag are bounded. A document about more than one person is refused:
// filed under one, it would show the other. Errors name file, line and path,
// never a value.
package ccda
