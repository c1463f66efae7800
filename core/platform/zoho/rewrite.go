package zoho

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/deluge"
	"deskward/core/deluge/folder"
)

// FunctionsIn is the input of zoho.look_at_functions, zoho.rewrite_functions
// and zoho.functions_rewritten.
type FunctionsIn struct {
	Folder string `name:"folder"`
	Link   string `name:"link"` // of the connection that takes the auth token's place
	// Tasks is "yes" where integration tasks that name no connection get one.
	Tasks string `name:"tasks,optional"`
}

// LookOut is the output of zoho.look_at_functions.
type LookOut struct {
	Files    int      `name:"files"`    // that use an auth token
	Requests int      `name:"requests"` // that can be rewritten, in them
	ByHand   int      `name:"by_hand"`  // auth tokens that a person must take out
	Where    []string `name:"where"`    // of those, "close.dg:12"
	Tasks    int      `name:"tasks"`    // integration tasks without a connection
	Scopes   []string `name:"scopes"`   // that the connection must have
	Untold   int      `name:"untold"`   // requests whose scope can't be told
}

// RewriteOut is the output of zoho.rewrite_functions.
type RewriteOut struct {
	Written int      `name:"written"` // files
	Backups []string `name:"backups"` // names of what they held before
	ByHand  int      `name:"by_hand"`
	Where   []string `name:"where"`
}

// RewrittenOut is the output of zoho.functions_rewritten.
type RewrittenOut struct {
	Places    int       `name:"places"`  // that name the connection
	ByHand    int       `name:"by_hand"` // auth tokens that are still there
	Where     []string  `name:"where"`
	CheckedAt time.Time `name:"checked_at"`
}

// scan reads the folder as its functions would be with the connection.
func (in FunctionsIn) scan(ctx context.Context) ([]folder.File, error) {
	link := strings.TrimSpace(in.Link)
	if !deluge.ValidLink(link) {
		return nil, &core.Error{Tried: "check-links", On: core.CleanLine(link), Code: "zoho.link-malformed", Class: core.Usage}
	}
	return functionsScanned(ctx, in.Folder, deluge.Options{Connection: link, Tasks: in.Tasks == "yes"})
}

// count adds up what was found in a file, and names what is left to a person.
func (l *LookOut) count(f folder.File) {
	used := false
	for _, x := range f.Result.Findings {
		switch {
		case x.Outcome == deluge.Rewritten && x.Code == deluge.CodeTask:
			l.Tasks++
		case x.Outcome == deluge.Rewritten:
			l.Requests++
			used = true
		case x.Outcome == deluge.Offered && x.Code == deluge.CodeTask:
			l.Tasks++
		case x.Outcome == deluge.Unsafe:
			used = true
			l.ByHand++
			if len(l.Where) < maxWhere {
				l.Where = append(l.Where, fmt.Sprintf("%s:%d", core.CleanLine(f.Name), x.Line))
			}
		}
	}
	if used {
		l.Files++
	}
}

// lookAtFunctions says what a rewrite of the folder comes to, and writes
// nothing.
func lookAtFunctions(ctx context.Context, in FunctionsIn) (LookOut, error) {
	var out LookOut
	files, err := in.scan(ctx)
	if err != nil {
		return out, err
	}
	var needs [][]deluge.Need
	for _, f := range files {
		out.count(f)
		needs = append(needs, f.Result.Scopes)
	}
	for _, n := range deluge.Merge(needs...) {
		if n.Scope == "" {
			out.Untold++
		} else {
			out.Scopes = append(out.Scopes, n.Scope)
		}
	}
	return out, nil
}

// rewriteFunctions writes the folder's functions, each with a backup beside it.
// Doing it again finds nothing more to write. The first file that can't be
// written ends it; those before it stay written.
func rewriteFunctions(ctx context.Context, in FunctionsIn) (RewriteOut, error) {
	var out RewriteOut
	files, err := in.scan(ctx)
	if err != nil {
		return out, err
	}
	var look LookOut
	for _, f := range files {
		look.count(f)
		if after := f.After(); after != f.Source {
			backup, err := f.Write(after)
			if err != nil {
				return out, err
			}
			out.Written++
			out.Backups = append(out.Backups, core.CleanLine(filepath.Base(backup)))
		}
	}
	out.ByHand, out.Where = look.ByHand, look.Where
	return out, nil
}

// functionsRewritten proves that nothing is left in the folder that could be
// rewritten.
func (m *migration) functionsRewritten(ctx context.Context, in FunctionsIn) (RewrittenOut, error) {
	out := RewrittenOut{CheckedAt: m.s.Clock.Now().UTC()}
	files, err := in.scan(ctx)
	if err != nil {
		return out, err
	}
	var look LookOut
	left := 0
	for _, f := range files {
		look.count(f)
		if f.After() != f.Source {
			left++
		}
		for _, u := range f.Uses {
			if u.Link == strings.TrimSpace(in.Link) {
				out.Places++
			}
		}
	}
	out.ByHand, out.Where = look.ByHand, look.Where
	if left > 0 {
		return out, &core.Error{Tried: "check-functions", On: core.CleanLine(in.Folder), Code: "zoho.functions-left", Class: core.Failed, Params: map[string]string{"count": fmt.Sprint(left)}}
	}
	return out, nil
}
