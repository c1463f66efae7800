package lookup

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/sheet"
)

// WriteCSV writes what came of a batch as a table: one row a line of the list,
// its header the field names of the JSON. The lines that were not asked about
// are there without a verdict. Every cell is safe to open in a spreadsheet.
func WriteCSV(w io.Writer, rows []Row, left []Line) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"line", "query", "verdict", "external_id", "name", "email", "found_in", "ids", "not_seen", "findings", "not_over_tickets"}); err != nil {
		return err
	}
	for _, r := range rows {
		if err := out.Write(cellsOf(r)); err != nil {
			return err
		}
	}
	for _, l := range left {
		if err := out.Write([]string{strconv.Itoa(l.Number), sheet.Cell(l.Query.Text), "", "", "", "", "", "", "", "", ""}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func cellsOf(r Row) []string {
	var in, ids, bad []string
	for _, a := range r.Answers {
		for _, v := range a.Visitors {
			in, ids = append(in, a.Source), append(ids, v.ID)
		}
	}
	for _, f := range r.Verdict.Findings {
		if f.Level == Bad {
			bad = append(bad, f.Code)
		}
	}
	who := r.Person()
	out := []string{
		strconv.Itoa(r.Line), r.Query.Text, string(r.Verdict.Outcome), r.Verdict.ExternalID, who.Name, who.Email(),
		strings.Join(in, "; "), strings.Join(ids, "; "), strings.Join(r.Verdict.Unseen, "; "), strings.Join(bad, "; "), strings.Join(r.Verdict.Untraced, "; "),
	}
	for i := 1; i < len(out); i++ {
		out[i] = sheet.Cell(out[i])
	}
	return out
}

// Person is who the row is about, as far as somebody was found: a record with
// the person's external id, else the first that has a name or an address.
func (r Row) Person() core.Visitor {
	var best core.Visitor
	for _, a := range r.Answers {
		for _, v := range a.Visitors {
			named := v.Name != "" || v.Email() != ""
			if named && v.ExternalID != "" && v.ExternalID == r.Verdict.ExternalID {
				return v
			}
			if best.ID == "" || named && best.Name == "" && best.Email() == "" {
				best = v
			}
		}
	}
	return best
}
