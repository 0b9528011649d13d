package attack

// What writes a drawn page, and a way to undo the escaping in it.
const (
	drawn     = `reply.body, reply.mime = b.Bytes(), "text/html; charset=utf-8"`
	unescaped = `reply.body, reply.mime = []byte(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", "\"", "&#39;", "'").Replace(b.String())), "text/html; charset=utf-8"`
)

// inputs are the attacks by what is sent: pages, files, messages.
var inputs = []Attack{
	{Number: "T40", Title: "scripts in names, notes, values and file names",
		Here:  "Templates escape by type, and the content security policy runs nothing that is not the portal's own file.",
		Tests: []Test{"journeys.TestNothingRunsThatOthersWrote", "results.TestNamesAndValuesAreWords", "page.TestNarrativeIsHarmless", "notify.TestHostileNamesStayText", "arch.TestTemplatesAreSafe"},
		Short: "40 payloads in every text of a chart, a document and a person, and in the first form of each kind of page of patients and staff, in Chromium", Long: "500 payloads",
		Controls: []Control{
			off("escaping", "results.TestNamesAndValuesAreWords", "web/reply.go", drawn, unescaped).and("web/reply.go", "\t\"strconv\"\n", "\t\"strconv\"\n\t\"strings\"\n"),
			off("escaping, and the content security policy", "journeys.TestNothingRunsThatOthersWrote", "web/reply.go", drawn, unescaped).and("web/reply.go", "\t\"strconv\"\n", "\t\"strconv\"\n\t\"strings\"\n").
				and("web/serve.go", `"Content-Security-Policy":      {policy},`, `"Content-Security-Policy":      {policy[:0] + "default-src * data: 'unsafe-inline'"},`),
		}},
	{Number: "T41", Title: "files that run: HTML, SVG, scripts in PDF, wrong types, bombs",
		Here:  "A file is what its bytes are, of six kinds; everything is a download in a sandbox, and only pictures are shown. Nobody uploads yet.",
		Tests: []Test{"results.TestFilesAreHandedOutSafely", "page.TestNarrativePictureIsThePortalsOwn", "ccda.TestHostileDocuments"}, Short: "each kind",
		Controls: []Control{
			off("the sandbox", "results.TestFilesAreHandedOutSafely", "web/reply.go", "if reply.sandbox {", "if reply.sandbox && reply.file == \"\" {"),
			off("a file is what its bytes are", "results.TestFilesAreHandedOutSafely", "record/files.go", "case extensions[found] == \"\":\n\t\treturn unknownType", "case said != \"\":\n\t\treturn said"),
		}},
	{Number: "T42", Title: "a file with malware", Here: "Comes with uploads. What feeds bring is handed out as a download in a sandbox."},
	{Number: "T43", Title: "formulas in exports for spreadsheets",
		Here:  "A cell that a spreadsheet would compute begins with an apostrophe.",
		Tests: []Test{"console.TestTheExportComputesNothing", "trail.TestExportIsInertAndOnRecord"}, Short: "41 payloads, read again",
		Controls: []Control{off("the apostrophe", "console.TestTheExportComputesNothing", "web/sheet.go", "return \"'\" + cell", "return cell")}},
	{Number: "T44", Title: "a poisoned host in mailed links",
		Here:  "Links begin with the configured address; another host is not answered.",
		Tests: []Test{"attack.TestHostsCannotBePoisoned", "enroll.TestLinksBeginWithTheConfiguredAddress", "web.TestForeignHostIsNotAnswered"}, Short: "14 poisons",
		Controls: []Control{off("the list of hosts", "attack.TestHostsCannotBePoisoned", "web/serve.go", "if !r.hostAllowed(req) {", "if !r.hostAllowed(req) && req.Host == \"\" {")}},
	{Number: "T45", Title: "being led to another site",
		Here:  "A path to go on to is one of ours or it is home, checked where it is taken and where it is kept.",
		Tests: []Test{"attack.TestRedirectsStayHere", "web.TestLocalPathStaysHere", "account.TestNextStaysHere", "staff.TestNextStaysHere"}, Short: "60 addresses",
		Controls: []Control{off("the check of paths", "attack.TestRedirectsStayHere", "web/request.go", "if len(p) > 512 || !strings.HasPrefix(p, \"/\") ||", "if p != \"\" {\n\t\treturn p\n\t}\n\tif len(p) > 512 || !strings.HasPrefix(p, \"/\") ||")}},
	{Number: "T46", Title: "headers in the fields of an e-mail",
		Here:  "Subject and sender are one line, an address is one plain address.",
		Tests: []Test{"notify.TestMailHeadersAreTheTemplatesAndNothingElse", "notify.TestMailAddresses", "notify.TestHostileNamesStayText"}, Short: "sender, subject and recipient, over SMTP",
		Controls: []Control{off("one plain address", "notify.TestMailAddresses", "notify/budget.go", "if len(s) > 254 || strings.ContainsAny(s, \" \\t\\r\\n\\\"<>()[],;:\\\\\") {", "if s != \"\" {\n\t\treturn true\n\t}\n\tif len(s) > 254 {")}},
	{Number: "T47", Title: "injected SQL, commands and templates",
		Here:  "Statements are constants with parameters, templates are compiled, no command is run.",
		Tests: []Test{"attack.TestStrangeInput"}, Short: "every field and parameter by 20 values; sqlmap and wapiti by make scan (docs/scan.md)",
		Controls: []Control{off("what was typed is one of a list, or a parameter", "attack.TestStrangeInput", "enroll/codes.go",
			"if f.State != \"\" && !slices.Contains(states, f.State) {", "if f.State == \"?\" && !slices.Contains(states, f.State) {")}},
	{Number: "T48", Title: "forged lines and personal data in logs",
		Here:  "Logs are JSON made by slog, addresses of routes stand in them and not those of requests, errors carry no values.",
		Tests: []Test{"attack.TestStrangeInput", "attack.TestNothingPersonalIsLogged"}, Short: "every form, over 100 values looked for",
		Controls: []Control{off("forms are not logged", "attack.TestNothingPersonalIsLogged", "web/form.go",
			"key := q.PostFormValue(\"_form\")\n", "key := q.PostFormValue(\"_form\")\n\tq.router.log.Info(\"form\", \"fields\", q.PostForm)\n")}},
	{Number: "T49", Title: "FHIR that only costs, or that names another patient",
		Here:  "Depth, size, entries, keys and numbers are bounded while reading; a resource about somebody else than its bundle is refused and put before staff.",
		Tests: []Test{"ingest.TestHostileMessagesCostNothing", "fhir.TestBombs", "fhir.TestLimits", "ingest.TestAnotherPatientInABundleIsRefused", "ingest.TestAnotherPatientInAMessageIsRefusedAndFlagged", "record.TestAnotherPatientsResourcesAreRefused"},
		Short: "16 bombs of up to 1 GiB; a second and 64 MiB each",
		Controls: []Control{
			off("the depth", "ingest.TestHostileMessagesCostNothing", "fhir/scan.go", "if depth >= s.limits.Depth {", "if depth >= s.limits.Depth<<20 {"),
			off("resources of one patient", "record.TestAnotherPatientsResourcesAreRefused", "record/names.go", "if k := t.names[n]; k.patient != \"\" && t.person(k.patient) != in.patient {\n\t\t\treturn \"id\",", "if k := t.names[n]; k.patient == \"nobody\" {\n\t\t\treturn \"id\",").
				and("record/names.go", "if in.patient != \"\" && t.person(p) != in.patient && !strings.HasPrefix(f.path, \"participant\") {", "if in.patient == \"nobody\" && t.person(p) != in.patient {").
				and("record/names.go", "if k := t.names[n]; n != \"\" && k.patient != \"\" && t.person(k.patient) != in.patient {\n\t\t\treturn f.path", "if k := t.names[n]; n != \"\" && k.patient == \"nobody\" {\n\t\t\treturn f.path"),
		}},
	{Number: "T50", Title: "documents with entities, deep nesting, outside style sheets",
		Here:  "A document type is refused, nothing is fetched, depth, elements and tags are bounded. HL7 version 2 comes later.",
		Tests: []Test{"ccda.TestHostileDocuments", "ccda.TestRefusals", "ingest.TestHostileMessagesCostNothing", "ingest.TestDocumentsMakeNoConnection"}, Short: "each kind; a second and 64 MiB",
		Controls: []Control{off("no document types", "ccda.TestHostileDocuments", "ccda/tree.go", "case xml.Directive:\n\t\treturn p.fail(Doctype)", "case xml.Directive:\n\t\treturn nil")}},
	{Number: "T51", Title: "messages again, late, or out of order",
		Here:  "A resource has one row however often it comes; an older version goes into its history.",
		Tests: []Test{"ingest.TestMessagesInAnyOrderMakeOneResult", "ingest.TestAMessageComesInOnce", "record.TestTheSameBatchTwiceWritesNothing", "record.TestALateMessageDoesNotUndoACorrection"}, Short: "five orders of three messages",
		Controls: []Control{off("older versions stay below", "ingest.TestMessagesInAnyOrderMakeOneResult", "record/save.go",
			"case found && (!in.sent.IsZero() && in.sent.Before(k.sent) || unfinished(in, k)):", "case found && k.version < 0:")}},
	{Number: "T52", Title: "making the portal fetch an address",
		Here:  "Nothing that a person, a file or a feed says is ever fetched: the mail server, the phone provider and the sign-on provider of the settings are all that is called. Of the last, an address that its documents name is called only on its own host.",
		Tests: []Test{"attack.TestNothingThatIsNamedIsFetched", "arch.TestOutsideCallsAreFew", "signon.TestOnlyTheProviderIsCalled", "signon.TestProvidersThatDoNotAnswer"}, Short: "addresses in every field, in FHIR and C-CDA",
		Controls: []Control{
			off("attachments elsewhere are not fetched", "attack.TestNothingThatIsNamedIsFetched", "record/files.go",
				"a.Get(\"data\").Long()\n\tif id, is", "a.Get(\"data\").Long()\n\tif u := a.Get(\"url\").Text(); strings.HasPrefix(u, \"http\") {\n\t\thttp.Get(u)\n\t}\n\tif id, is"),
			off("the provider's own host", "signon.TestOnlyTheProviderIsCalled", "signon/reach.go", "|| !slices.Contains(r.hosts, u.Host)", "|| u.Host == \"\" && slices.Contains(r.hosts, u.Host)"),
			off("addresses beside the machine", "signon.TestOnlyTheProviderIsCalled", "signon/reach.go", "if ip.IsLinkLocalUnicast() ||", "if"),
			off("redirects are not followed", "signon.TestProvidersThatDoNotAnswer", "signon/reach.go", "error { return errRedirect }", "error { return nil }").
				and("signon/reach.go", "|| !slices.Contains(r.hosts, u.Host)", "|| u.Host == \"\" && slices.Contains(r.hosts, u.Host)"),
		}},
}
