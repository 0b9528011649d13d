// Package registry is the patient index: the people a clinic knows, with their
// numbers, names now and before, contacts with how long they have been on file,
// addresses, language, and which records turned out to be one person.
//
// It takes people in (from FHIR and from spreadsheets), finds them (for staff,
// by name, birth date or number), answers whether a number and a birth date
// belong together, and compares what a stranger says about themselves with who
// is known, with a score and its reasons in words. It decides nothing about
// accounts and sends nothing; whoever keeps something by record can ask, as its
// Follower, to be told when records are joined or parted.
//
// What identifies people but need not be searched by its beginning (numbers,
// contacts, addresses) is stored sealed, with a keyed blind index for equality.
// Names and birth dates are searched and stand in clear.
//
// Tables: patient (shared: other rooms may join it for reading), patient_number,
// patient_name, patient_word, patient_key, patient_contact, patient_address,
// patient_link, import_fault.
// Routes: none. Jobs: none. Audit: patients.imported, patients.merged,
// patient.found, patient.seen.
package registry
