package deluge

import (
	"slices"
	"strings"
)

// signature is what an integration task takes.
type signature struct {
	args    int  // before the connection
	options bool // the last of them is a map that may be left out
}

// signatures are the tasks whose arguments Zoho's help pages give
// (https://www.zoho.com/deluge/help/desk/create-record.html and its
// neighbours, …/crm/create-record.html).
func signatures() map[string]signature {
	return map[string]signature{
		"zoho.desk.create": {args: 3}, "zoho.desk.update": {args: 4},
		"zoho.desk.getrecordbyid": {args: 3}, "zoho.desk.getrelatedrecords": {args: 4}, "zoho.desk.getrelatedrecordbyid": {args: 5},
		"zoho.crm.create": {args: 3, options: true}, "zoho.crm.createrecord": {args: 3, options: true},
		"zoho.crm.update": {args: 4, options: true}, "zoho.crm.updaterecord": {args: 4, options: true},
		"zoho.crm.getrecordbyid": {args: 3, options: true}, "zoho.crm.invokeconnector": {args: 2},
	}
}

// services are those whose tasks took an auth token in the background.
func service(path string) bool {
	parts := strings.Split(path, ".")
	if len(parts) < 3 {
		return false
	}
	switch parts[1] {
	case "desk", "crm", "books", "invoice", "inventory", "billing", "subscriptions", "projects", "recruit", "campaigns", "cliq", "people", "reports", "analytics", "sheet", "writer", "sign", "bigin", "calendar":
		return parts[len(parts)-1] != "getorgvariable"
	}
	return false
}

// tasks tells of integration tasks that name no connection: they go on
// working until the auth token is deleted, and then fail
// (https://www.zoho.com/deluge/help/billing/create-record.html, note).
func (d *finder) tasks(e *editor) {
	for _, t := range d.f.tasks {
		if !service(t.path) {
			continue
		}
		args := t.node.kids[1:]
		sig, known := signatures()[t.path]
		last := ""
		if len(args) > 0 {
			last, _ = d.r.literal(args[len(args)-1])
		}
		if known && len(args) > sig.args || known && sig.options && len(args) == sig.args && last != "" || !known && len(args) > 2 && last != "" && linkName(last) {
			continue
		}
		f := d.finding(CodeTask, Offered, t.node)
		f.Subject = d.r.source(t.node.kids[0])
		missing := sig.args - len(args)
		switch {
		case !known || missing > 1 || missing == 1 && !sig.options:
			f.Outcome, f.Reason = Noted, "arguments"
		case (d.o.Tasks || slices.Contains(d.o.Also, f.Offset)) && !slices.Contains(d.o.Decline, f.Offset):
			f.Outcome = Rewritten
			text := `, "` + d.o.Connection + `"`
			if missing == 1 {
				text = ", Map()" + text
			}
			_, end := d.r.span(args[len(args)-1])
			e.edits = append(e.edits, Edit{end, end, text})
		}
		d.res.Findings = append(d.res.Findings, f)
	}
}

// linkName reports what may be the link name of a connection.
func linkName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !wordByte(s[i]) || s[i] == '$' {
			return false
		}
	}
	return s != ""
}

// ValidLink reports whether a text may be a connection's link name: letters,
// digits and underscores.
func ValidLink(s string) bool { return linkName(s) }
