/*
How a room draws a page. The room owns a struct with everything the page may
show and a templ component of the same name; the shell comes from package web.

	package enroll

	import "portico/internal/page"

	type DetailsPage struct {
		First, Email      string
		Day, Month, Year  string
		How               string
	}

	templ details(s page.Shell, p DetailsPage) {
		@page.Layout(s.Called(s.T("room.details.title")).BackTo("/enroll")) {
			@page.Steps(s, page.StepsSpec{Now: 1, Names: []string{s.T("room.step.you"), s.T("room.step.code")}})
			@page.Heading(s.T("room.details.title"), s.T("room.details.lead"))
			@page.Form(s, page.FormSpec{Action: "/enroll/details"}) {
				@page.Field(s, page.FieldSpec{Name: "first", Label: s.T("room.first"), Value: p.First, Complete: "given-name"})
				@page.DateOfBirth(s, page.DateSpec{Name: "birth", Label: s.T("room.birth"), Day: p.Day, Month: p.Month, Year: p.Year})
				@page.Email(s, page.FieldSpec{Name: "email", Label: s.T("room.email"), Value: p.Email})
				@page.RadioCards(s, page.ChoiceSpec{Name: "how", Label: s.T("room.how"), Value: p.How, Options: []page.Choice{
					{Value: "mail", Title: s.T("room.how.mail"), Text: s.T("room.how.mail.text")},
				}})
				@page.Button(page.ButtonSpec{Text: s.T("room.continue")})
			}
		}
	}

What to know:

  - Every text handed to a part is a finished sentence: call s.T in the room.
  - The name of a field is also its id. A problem made by fault.Bad("email", …)
    appears beside the field named "email" and in the summary above the page,
    which Layout draws by itself, as it does the back link.
  - DateOfBirth named "birth" sends birth_month, birth_day and birth_year; a
    problem may be at "birth" or at one of the three.
  - A choice named "how" has the problem field "how".
  - Parts that need only words take no shell.
  - A Chart shows one unit; values in two units are two charts. Its moments are
    written in the clinic's zone, so a day without a time comes as noon there.
    RangeBar draws nothing when no usable range was sent. Both are pictures with
    a sentence; the table of values beneath is the room's.
  - A page has one Heading. For a page that asks one question, set
    Question: true on that field instead, and its label becomes the heading.
*/
package page
