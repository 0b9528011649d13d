// Package ucum reads units of measure as laboratories send them: codes of the
// Unified Code for Units of Measure (ucum.org, case sensitive), and the
// spellings that are usual in US reports though they are no UCUM ("mmHg",
// "K/uL", "mEq/L").
//
// It tells whether two units are the same one written differently, converts
// values where the factor is exact by definition, and names units in words.
//
// What it refuses: to guess. An unknown unit is an error, and stays as it came
// wherever it is shown. Mass never becomes amount of substance (mg/dL and
// mmol/L), units of effect ([iU], U, eq) never become one another, a millimeter
// of mercury never a pascal, and what an annotation says counts: ng/mL{FEU} is
// not ng/mL{DDU}, mL/min/{1.73_m2} is not mL/min. UCUM itself ignores
// annotations; to ignore them in a chart of D-dimer would be wrong by half.
//
// No I/O; nothing of ours is imported, so a language is its tag, "en" or "es".
package ucum
