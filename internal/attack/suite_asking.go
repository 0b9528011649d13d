package attack

// asking are the attacks by somebody who is signed in and asks for more.
var asking = []Attack{
	{Number: "T33", Title: "another person's things by their identifier",
		Here:  "The router opens the chart, every query filters by it, and what is another's answers byte for byte like what is absent, with a line in the log.",
		Tests: []Test{"attack.TestEveryRouteByEveryRole", "attack.TestRefusedAndAbsentReadTheSame", "attack.TestTheMatrixCanFail", "sharing.TestADownloadIsItsOwnersAlone", "sharing.TestALinkIsItsOwnersAlone", "records.TestAnothersEntryIsNotThere", "account.TestDevicesAreOnesOwn"},
		Short: "every route by every role by own, foreign and absent",
		Controls: []Control{
			off("a copy is its owner's", "attack.TestEveryRouteByEveryRole", "sharing/download.go",
				"FROM download WHERE id = $1 AND account_id = $2 AND patient_id = $3`, id", "FROM download WHERE id = $1 AND $2 <> $3`, id"),
			off("a link is its owner's", "attack.TestEveryRouteByEveryRole", "sharing/link.go",
				"FROM share_link l WHERE l.id = $1 AND l.account_id = $2 AND l.patient_id = $3`, id", "FROM share_link l WHERE l.id = $1 AND $2 <> $3`, id"),
		}},
	{Number: "T34", Title: "another person's things beneath one's own, in bulk, or by a link that ended",
		Here:  "Each identifier of a path is checked by itself; a link that ended opens nothing.",
		Tests: []Test{"attack.TestEveryRouteByEveryRole", "sharing.TestAnEndedLinkOpensNoMore", "sharing.TestALinkEndsOnTime", "sharing.TestAFileIsKeptForADay"},
		Short: "the same matrix, identifiers mixed",
		Controls: []Control{off("the end of a link", "sharing.TestALinkEndsOnTime", "sharing/link_manifest.go",
			"UPDATE share_link SET wrong = wrong + 1 WHERE address_hash = $1 AND ended_at IS NULL AND expires_at > $2 AND wrong < $3", "UPDATE share_link SET wrong = wrong + 1 WHERE address_hash = $1 AND ended_at IS NULL AND $2 <> '' AND wrong < $3").
			and("sharing/link_manifest.go", "UPDATE share_link SET wrong = wrong - 1 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2", "UPDATE share_link SET wrong = wrong - 1 WHERE id = $1 AND ended_at IS NULL AND $2 <> ''")}},
	{Number: "T35", Title: "a patient at the desk, a clerk as administrator",
		Here:  "Each route names the task it needs; roles are read with each request.",
		Tests: []Test{"attack.TestEveryRouteByEveryRole", "staff.TestDeniedLooksLikeAbsent", "access.TestRolesAreKeptApart", "access.TestZeroProofsProveNothing", "console.TestRailsFollowRoles"},
		Short: "every route of staff by every role",
		Controls: []Control{off("what a role may do", "staff.TestDeniedLooksLikeAbsent", "access/proof.go",
			"return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(Roles[r], t) })", "return len(roles) > 0 && t != \"\"")}},
	{Number: "T36", Title: "more is sent with a form than it asks for",
		Here:  "Handlers read named fields of the body, the first of each name; nothing is bound to rows.",
		Tests: []Test{"attack.TestFormsWriteOnlyWhatTheyAskFor", "attack.TestPlantedValuesAreNoticed", "enroll.TestExtraFieldsChangeNothing", "fhir.TestBombs"},
		Short: "every form with a field for every column, twice, in other cases and in the address",
		Controls: []Control{off("the first of a name counts", "attack.TestFormsWriteOnlyWhatTheyAskFor", "web/request.go",
			"return strings.TrimSpace(store.Clean(q.PostFormValue(name)))", "q.PostFormValue(name)\n\tall := q.PostForm[name]\n\tif len(all) == 0 {\n\t\treturn \"\"\n\t}\n\treturn strings.TrimSpace(store.Clean(all[len(all)-1]))")}},
	{Number: "T37", Title: "a delegate goes on after being taken away", Here: "Comes with family access."},
	{Number: "T38", Title: "a delegate sees what is left out, by search, counts or copies", Here: "Comes with family access. Results that are held or sensitive are kept out of search, copies and links already: records.TestSearchRevealsNoSensitiveResult, sharing.TestWhatMayNotBeSeenIsInNoCopy."},
	{Number: "T39", Title: "a child grows up", Here: "Comes with family access."},
}
