package ccda

// Every entry below is one template of C-CDA R2.1, named in its first line; the
// order of elements is that of the CDA schema.

func (w *writer) entry(inside func()) { w.in("entry", attrs{"typeCode", "DRIV"}, inside) }

// concern wraps a condition in the act that says whether it is still of concern.
func (w *writer) concern(e Entry, root string, inside func()) {
	w.entry(func() {
		w.in("act", attrs{"classCode", "ACT", "moodCode", "EVN"}, func() {
			w.template(root, "2015-08-01")
			w.id(e.ID)
			w.empty("code", attrs{"code", "CONC", "codeSystem", "2.16.840.1.113883.5.6"})
			usual := "active"
			if e.When.High.Known() {
				usual = "completed"
			}
			w.state(e.State, usual)
			w.over(e.When, e.State == "completed")
			w.in("entryRelationship", attrs{"typeCode", "SUBJ"}, inside)
		})
	})
}

var observed = attrs{"classCode", "OBS", "moodCode", "EVN"}

func (w *writer) allergy(lines []Line, i int) {
	l, e := lines[0], lines[0].Entry
	w.concern(e, "2.16.840.1.113883.10.20.22.4.30", func() {
		w.in("observation", observed, func() {
			w.template("2.16.840.1.113883.10.20.22.4.7", "2014-06-09")
			w.id(e.ID)
			w.empty("code", attrs{"code", "ASSERTION", "codeSystem", "2.16.840.1.113883.5.4"})
			w.text("allergies", i)
			w.empty("statusCode", attrs{"code", "completed"})
			w.period(e.When)
			w.code("value", "CD", snomed("419199007", "Allergy to substance"))
			w.in("participant", attrs{"typeCode", "CSM"}, func() {
				w.in("participantRole", attrs{"classCode", "MANU"}, func() {
					w.in("playingEntity", attrs{"classCode", "MMAT"}, func() { w.code("code", "", l.subject()) })
				})
			})
			w.reaction(e)
		})
	})
}

func (w *writer) reaction(e Entry) {
	if e.Reaction == (Code{}) {
		return
	}
	w.in("entryRelationship", attrs{"typeCode", "MFST", "inversionInd", "true"}, func() {
		w.in("observation", observed, func() {
			w.template("2.16.840.1.113883.10.20.22.4.9", "2014-06-09")
			w.id(ID{})
			w.empty("code", attrs{"code", "ASSERTION", "codeSystem", "2.16.840.1.113883.5.4"})
			w.empty("statusCode", attrs{"code", "completed"})
			w.code("value", "CD", e.Reaction)
			if e.Severity == (Code{}) {
				return
			}
			w.in("entryRelationship", attrs{"typeCode", "SUBJ", "inversionInd", "true"}, func() {
				w.in("observation", observed, func() {
					w.template("2.16.840.1.113883.10.20.22.4.8", "2014-06-09")
					w.empty("code", attrs{"code", "SEV", "codeSystem", "2.16.840.1.113883.5.4"})
					w.empty("statusCode", attrs{"code", "completed"})
					w.code("value", "CD", e.Severity)
				})
			})
		})
	})
}

func (w *writer) problem(lines []Line, i int) {
	l, e := lines[0], lines[0].Entry
	w.concern(e, "2.16.840.1.113883.10.20.22.4.3", func() {
		w.in("observation", observed, func() {
			w.template("2.16.840.1.113883.10.20.22.4.4", "2015-08-01")
			w.id(e.ID)
			w.in("code", attrs{"code", "55607006", "codeSystem", "2.16.840.1.113883.6.96", "displayName", "Problem"}, func() {
				w.code("translation", "", loinc("75326-9", "Problem"))
			})
			w.text("problems", i)
			w.empty("statusCode", attrs{"code", "completed"})
			w.period(e.When)
			w.code("value", "CD", l.subject())
		})
	})
}

func (w *writer) product(root string, l Line) {
	w.in("consumable", nil, func() {
		w.in("manufacturedProduct", attrs{"classCode", "MANU"}, func() {
			w.template(root, "2014-06-09")
			w.in("manufacturedMaterial", nil, func() {
				w.code("code", "", l.subject())
				w.say("lotNumberText", l.Entry.Lot)
			})
		})
	})
}

func (w *writer) medication(lines []Line, i int) {
	l, e := lines[0], lines[0].Entry
	w.entry(func() {
		w.in("substanceAdministration", attrs{"classCode", "SBADM", "moodCode", "EVN"}, func() {
			w.template("2.16.840.1.113883.10.20.22.4.16", "2014-06-09")
			w.id(e.ID)
			w.text("medications", i)
			w.state(e.State, "active")
			w.period(e.When)
			if e.Route != (Code{}) {
				w.code("routeCode", "", e.Route)
			}
			if unit, ok := e.Dose.quantity(); ok {
				w.empty("doseQuantity", attrs{"value", e.Dose.Number, "unit", unit})
			} else {
				w.empty("doseQuantity", attrs{"nullFlavor", "UNK"})
			}
			w.product("2.16.840.1.113883.10.20.22.4.23", l)
		})
	})
}

func (w *writer) immunization(lines []Line, i int) {
	l, e := lines[0], lines[0].Entry
	not := "false"
	if e.NotGiven {
		not = "true"
	}
	w.entry(func() {
		w.in("substanceAdministration", attrs{"classCode", "SBADM", "moodCode", "EVN", "negationInd", not}, func() {
			w.template("2.16.840.1.113883.10.20.22.4.52", "2015-08-01")
			w.id(e.ID)
			w.text("immunizations", i)
			w.state(e.State, "completed")
			w.at("effectiveTime", e.When.Low)
			w.product("2.16.840.1.113883.10.20.22.4.54", l)
		})
	})
}

func (w *writer) procedure(lines []Line, i int) {
	l, e := lines[0], lines[0].Entry
	w.entry(func() {
		w.in("procedure", attrs{"classCode", "PROC", "moodCode", "EVN"}, func() {
			w.template("2.16.840.1.113883.10.20.22.4.14", "2014-06-09")
			w.id(e.ID)
			w.code("code", "", l.subject())
			w.text("procedures", i)
			w.state(e.State, "completed")
			w.period(e.When)
		})
	})
}

func (w *writer) encounter(lines []Line, i int) {
	l, e := lines[0], lines[0].Entry
	w.entry(func() {
		w.in("encounter", attrs{"classCode", "ENC", "moodCode", "EVN"}, func() {
			w.template("2.16.840.1.113883.10.20.22.4.49", "2015-08-01")
			w.id(e.ID)
			w.code("code", "", l.subject())
			w.text("encounters", i)
			w.period(e.When)
			if e.Place == "" {
				return
			}
			w.in("participant", attrs{"typeCode", "LOC"}, func() {
				w.in("participantRole", attrs{"classCode", "SDLOC"}, func() {
					w.template("2.16.840.1.113883.10.20.22.4.32", "")
					w.empty("code", attrs{"nullFlavor", "UNK"})
					w.in("playingEntity", attrs{"classCode", "PLC"}, func() { w.say("name", e.Place) })
				})
			})
		})
	})
}

func (w *writer) plan(lines []Line, i int) {
	l, e := lines[0], lines[0].Entry
	w.entry(func() {
		w.in("act", attrs{"classCode", "ACT", "moodCode", "RQO"}, func() {
			w.template("2.16.840.1.113883.10.20.22.4.39", "2014-06-09")
			w.id(e.ID)
			w.code("code", "", l.subject())
			w.text("plan", i)
			w.empty("statusCode", attrs{"code", "active"})
			w.at("effectiveTime", e.When.Low)
		})
	})
}
