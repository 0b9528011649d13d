package page

import "portico/internal/ccda"

// styleDocument has every kind of thing a document from elsewhere may hold.
func styleDocument(s Shell) NarrativeSpec {
	text := func(key string) []ccda.Inline { return []ccda.Inline{{Text: s.T(key)}} }
	says := func(key string) ccda.Block { return ccda.Paragraph{Text: text(key)} }
	cell := func(key string) ccda.Cell { return ccda.Cell{Blocks: []ccda.Block{says(key)}} }
	styled := ccda.Paragraph{Caption: text("page.style.word"), Text: []ccda.Inline{
		{Text: s.T("page.style.good"), Strong: true}, {Text: " "}, {Text: s.T("page.style.weak"), Emphasis: true}, {Break: true},
		{Text: s.T("page.style.wrong"), Deleted: true}, {Text: " H"}, {Text: "2", Sub: true}, {Text: "O"}, {Note: 1},
	}}
	items := ccda.List{Items: []ccda.Item{{Caption: text("page.style.field"), Blocks: []ccda.Block{says("page.style.long")}}, {Blocks: []ccda.Block{says("page.style.off")}}}}
	ordered := items
	ordered.Ordered, ordered.Caption = true, text("page.style.lists")
	inner := ccda.Table{Rows: []ccda.Row{{cell("page.style.email"), cell("page.style.phone")}}}
	table := ccda.Table{
		Caption: text("page.style.tables"),
		Head:    []ccda.Row{{cell("page.style.name"), {Cols: 2, Blocks: []ccda.Block{says("page.style.birth")}}}},
		Rows: []ccda.Row{
			{{Rows: 2, Header: true, Blocks: []ccda.Block{says("page.style.name")}}, cell("page.style.long"), {Blocks: []ccda.Block{items}}},
			{cell("page.style.off"), {Blocks: []ccda.Block{inner}}},
		},
	}
	return NarrativeSpec{
		ID: "style-doc", Level: 3, Language: string(s.Lang),
		Sections: []ccda.Section{
			{Title: s.T("page.style.text"), Text: ccda.Narrative{Blocks: []ccda.Block{styled, ordered, ccda.Picture{Caption: text("page.style.word")}}, Notes: [][]ccda.Inline{text("page.style.sentence")}}},
			{Title: s.T("page.style.tables"), Text: ccda.Narrative{Blocks: []ccda.Block{table}}, Sections: []ccda.Section{{Title: s.T("page.style.word")}}},
		},
	}
}
