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

// signatureOf knows the tasks whose arguments Zoho's help pages give
// (https://www.zoho.com/deluge/help/desk/create-record.html and its
// neighbours, …/crm/create-record.html).
func signatureOf(path string) (s signature, known bool) {
	switch path {
	case "zoho.desk.create", "zoho.desk.getrecordbyid":
		return signature{args: 3}, true
	case "zoho.desk.update", "zoho.desk.getrelatedrecords":
		return signature{args: 4}, true
	case "zoho.desk.getrelatedrecordbyid":
		return signature{args: 5}, true
	case "zoho.crm.create", "zoho.crm.createrecord", "zoho.crm.getrecordbyid":
		return signature{args: 3, options: true}, true
	case "zoho.crm.update", "zoho.crm.updaterecord":
		return signature{args: 4, options: true}, true
	case "zoho.crm.invokeconnector":
		return signature{args: 2}, true
	}
	return signature{}, false
}

// services are those whose tasks took an auth token in the background.
func service(path string) bool {
	_, path, _ = strings.Cut(path, ".")
	name, task, found := strings.Cut(path, ".")
	if !found {
		return false
	}
	switch name {
	case "desk", "crm", "books", "invoice", "inventory", "billing", "subscriptions", "projects", "recruit", "campaigns", "cliq", "people", "reports", "analytics", "sheet", "writer", "sign", "bigin", "calendar":
		return task != "getorgvariable"
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
		sig, known := signatureOf(t.path)
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
