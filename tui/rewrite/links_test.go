package rewrite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deskward/core/locale"
)

func linked() map[string]string {
	return map[string]string{
		"close.dg": `r = invokeurl
[
	url :"https://desk.zoho.com/api/v1/tickets/" + ticketId
	type :PATCH
	headers:{"orgId":"1"}
	connection:"deskoperation"
];
x = zoho.desk.create(orgId,"tickets",m,"deskoperation");
`,
		"report.dg": `a = invokeurl [ url: "https://desk.zoho.com/api/v1/agents" type: GET connection: "deskoperation" ];
b = invokeurl [ url: "https://www.zohoapis.com/crm/v2/Leads" type: GET connection: "crmread" ];
// deskoperation is only a word here
`,
	}
}

// toLinks goes to the links of the folder.
func (r rig) toLinks() {
	r.Paste(r.folder)
	r.press("tab")
	r.Type("deskoperation")
	r.press("enter")
	r.Until("what was found", func() bool { return strings.Contains(r.Text(), "? ") }) // no letter is taken for text any more
	r.press("l")
	r.See("crmread")
}

func (r rig) renameTo(name string) {
	r.press("j", "R")
	r.Type(name)
	r.press("enter")
	r.See(".bak")
}

func TestLinksReadWellAtEverySize(t *testing.T) {
	t.Parallel()
	atEverySize(t, linked, map[string]func(rig){
		"links":        func(r rig) { r.toLinks(); r.press("j") },
		"links-form":   func(r rig) { r.toLinks(); r.press("j", "R") },
		"links-change": func(r rig) { r.toLinks(); r.renameTo("desk2027") },
		"links-taken":  func(r rig) { r.toLinks(); r.renameTo("crmread") },
	})
}

func TestALinkIsRenamedWhereverAFunctionNamesIt(t *testing.T) {
	t.Parallel()
	r := open(t, linked(), locale.English, 80, 24)
	r.toLinks()
	r.renameTo("desk2027")
	r.See("Places: 3, in files: 2", `+    connection:"desk2027"`)
	r.press("y")
	r.See("Files written: 2", "desk2027")
	r.Gone("deskoperation")
	for name, was := range linked() {
		got := r.file(t, name)
		if want := strings.ReplaceAll(was, `"deskoperation"`, `"desk2027"`); got != want {
			t.Errorf("%s:\n%s", name, got)
		}
		if r.file(t, name+".bak") != was {
			t.Errorf("%s: the backup is not what the file was", name)
		}
	}
}

func TestNoLinkIsRenamedWithoutYes(t *testing.T) {
	t.Parallel()
	r := open(t, linked(), locale.English, 80, 24)
	r.toLinks()
	r.renameTo("desk2027")
	r.press("esc")
	r.See("LINK", "deskoperation")
	r.press("R")
	r.Type("desk 2027")
	r.press("enter")
	r.See("Letters, digits and underscores only")
	r.press("esc", "esc")
	r.See("folder")
	for name, was := range linked() {
		if r.file(t, name) != was {
			t.Errorf("%s was written", name)
		}
	}
}

func TestAFunctionThatChangedMeanwhileKeepsItsLink(t *testing.T) {
	t.Parallel()
	r := open(t, linked(), locale.English, 80, 24)
	r.toLinks()
	r.renameTo("desk2027")
	if err := os.WriteFile(filepath.Join(r.folder, "close.dg"), []byte("info 1;"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.press("y")
	r.See("function.changed")
	if r.file(t, "close.dg") != "info 1;" {
		t.Error("it was overwritten")
	}
}

func TestWhatWasFoundIsReadAnewAfterALinkWasRenamed(t *testing.T) {
	t.Parallel()
	files := functions()
	files["linked.dg"] = linked()["report.dg"]
	r := open(t, files, locale.English, 80, 24)
	r.look()
	r.press("l")
	r.See("crmread")
	r.renameTo("desk2027")
	r.press("y")
	r.See("Files written: 1")
	r.press("esc")
	r.See("rewritten: 2, in files: 1")
	r.press("w", "y")
	r.See("Files written: 1")
	if got := r.file(t, "linked.dg"); !strings.Contains(got, "desk2027") {
		t.Error(got)
	}
}
