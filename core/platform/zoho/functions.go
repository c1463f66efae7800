package zoho

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/deluge"
	"deskward/core/deluge/folder"
)

// DeskLinkIn is the input of zoho.desk_link.
type DeskLinkIn struct {
	Region string `name:"region"`
}

// DeskLinkOut is the output of zoho.desk_link.
type DeskLinkOut struct {
	DeskURL string `name:"desk_url"` // Zoho Desk of the data centre; Zoho documents no address of a page below Setup
}

func (m *migration) deskLink(_ context.Context, in DeskLinkIn) (DeskLinkOut, error) {
	d, err := centre(in.Region)
	if err != nil {
		return DeskLinkOut{}, err
	}
	return DeskLinkOut{DeskURL: strings.TrimSuffix(d.desk(m.s.Endpoints), "/")}, nil
}

// ConnectionUsesIn is the input of zoho.connection_uses. Without a folder
// nothing is looked at.
type ConnectionUsesIn struct {
	Folder string `name:"folder,optional"` // of exported functions, or one file
	Link   string `name:"link"`            // the link name of a connection in Zoho
}

// ConnectionUsesOut is the output of zoho.connection_uses.
type ConnectionUsesOut struct {
	Files     int      `name:"files"`      // that name the connection
	Places    int      `name:"places"`     // in them
	Where     []string `name:"where"`      // "close.dg:12", the first ones
	Scopes    []string `name:"scopes"`     // that those requests need
	Untold    int      `name:"untold"`     // requests whose scope can't be told
	OldTokens int      `name:"old_tokens"` // findings of auth tokens in the folder, of any function
}

// maxWhere is how many places are named.
const maxWhere = 12

// connectionUses looks for the functions that name a connection, and for what
// the connection must be allowed to do for them.
func connectionUses(ctx context.Context, in ConnectionUsesIn) (ConnectionUsesOut, error) {
	var out ConnectionUsesOut
	files, err := functionsIn(ctx, in.Folder)
	if err != nil {
		return out, err
	}
	for _, f := range files {
		out.OldTokens += oldTokens(f)
		n := 0
		for _, u := range f.Uses {
			if u.Link != strings.TrimSpace(in.Link) {
				continue
			}
			n++
			if out.Places++; len(out.Where) < maxWhere {
				out.Where = append(out.Where, fmt.Sprintf("%s:%d", core.CleanLine(f.Name), u.Line))
			}
		}
		if n == 0 {
			continue
		}
		out.Files++
		for _, need := range deluge.Needs(f.Name, f.Source, strings.TrimSpace(in.Link)) {
			switch {
			case need.Scope == "":
				out.Untold++
			case !slices.Contains(out.Scopes, need.Scope):
				out.Scopes = append(out.Scopes, need.Scope)
			}
		}
	}
	slices.Sort(out.Scopes)
	return out, nil
}

// oldTokens counts the findings of a file that are about an auth token.
func oldTokens(f folder.File) int {
	n := 0
	for _, x := range f.Result.Findings {
		switch x.Code {
		case deluge.CodeQuotes, deluge.CodeAnswer, deluge.CodeKeptConnect, deluge.CodeTask, deluge.CodeOwnOAuth:
		default:
			n++
		}
	}
	return n
}

// functionsIn reads a folder of functions; "" is none. The first file that
// can't be read is an error: what it holds is not known.
func functionsIn(ctx context.Context, root string) ([]folder.File, error) {
	if strings.TrimSpace(root) == "" {
		return nil, nil
	}
	return functionsScanned(ctx, root, deluge.Options{})
}

func functionsScanned(ctx context.Context, root string, o deluge.Options) ([]folder.File, error) {
	if root = strings.TrimSpace(root); !filepath.IsAbs(root) {
		return nil, &core.Error{Tried: "read-functions", On: core.CleanLine(root), Code: "zoho.folder-relative", Class: core.Usage}
	}
	files, err := folder.Scan(ctx, root, o)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Err != nil {
			return nil, f.Err
		}
	}
	return files, nil
}

// LinkNamesIn is the input of zoho.link_names.
type LinkNamesIn struct {
	Folder string `name:"folder,optional"`
	Link   string `name:"link"` // as it is called now
	Old    string `name:"old"`  // as it was called before
	// Marked is "marked" where Zoho still warns of the connection, as the admin
	// says.
	Marked string `name:"marked,optional"`
}

// LinkNamesOut is the output of zoho.link_names.
type LinkNamesOut struct {
	Places    int       `name:"places"` // that name it as it is called now
	CheckedAt time.Time `name:"checked_at"`
}

// linkNames proves that no function names a connection by the name that it no
// longer has: Zoho finds it by its link name only.
func (m *migration) linkNames(ctx context.Context, in LinkNamesIn) (LinkNamesOut, error) {
	out := LinkNamesOut{CheckedAt: m.s.Clock.Now().UTC()}
	now, old := strings.TrimSpace(in.Link), strings.TrimSpace(in.Old)
	if !deluge.ValidLink(now) {
		return out, &core.Error{Tried: "check-links", On: core.CleanLine(now), Code: "zoho.link-malformed", Class: core.Usage}
	}
	if in.Marked == "marked" {
		return out, &core.Error{Tried: "check-links", On: now, Code: "zoho.still-marked", Class: core.Failed}
	}
	files, err := functionsIn(ctx, in.Folder)
	if err != nil {
		return out, err
	}
	var stale []string
	for _, f := range files {
		for _, u := range f.Uses {
			switch {
			case u.Link == now:
				out.Places++
			case u.Link == old:
				stale = append(stale, fmt.Sprintf("%s:%d", core.CleanLine(f.Name), u.Line))
			}
		}
	}
	if len(stale) > 0 {
		return out, &core.Error{
			Tried: "check-links", On: core.CleanLine(in.Folder), Code: "zoho.link-old-name", Class: core.Failed,
			Params: map[string]string{"old": core.CleanLine(old), "new": now, "where": strings.Join(stale[:min(len(stale), maxWhere)], ", "), "count": fmt.Sprint(len(stale))},
		}
	}
	return out, nil
}

// ExecutionIn is the input of zoho.execution_log.
type ExecutionIn struct {
	Log  core.Secret `name:"log"` // what Zoho showed after Save & Execute: it may hold data of customers
	Link string      `name:"link"`
}

// ExecutionOut is the output of zoho.execution_log.
type ExecutionOut struct {
	ReadAt time.Time `name:"read_at"`
}

// executionLog reads what Zoho showed after a function ran, for the errors that
// a connection causes. Sources of the texts: zoho.com/crm/developer/docs/
// serverless-architecture/deluge-crm-errors-solutions.html and Desk's API
// documentation for the codes.
func (m *migration) executionLog(_ context.Context, in ExecutionIn) (ExecutionOut, error) {
	text := core.CleanText(in.Log.Reveal())
	out := ExecutionOut{ReadAt: m.s.Clock.Now().UTC()}
	low := strings.ToLower(text)
	for _, known := range executionErrors() {
		if strings.Contains(low, strings.ToLower(known.text)) {
			return out, &core.Error{Tried: "execute-function", On: core.CleanLine(in.Link), Code: known.code, Class: core.Refused}
		}
	}
	// A function that failed for another reason proves nothing either.
	if strings.Contains(low, "failed to execute") || strings.Contains(low, "error at line") {
		return out, &core.Error{Tried: "execute-function", On: core.CleanLine(in.Link), Code: "zoho.function.failed", Class: core.Refused}
	}
	return out, nil
}

// executionError is a text of Zoho's and the code that it is explained by.
type executionError struct{ text, code string }

func executionErrors() []executionError {
	return []executionError{
		{"unauthenticated connection", "zoho.deluge.unauthenticated-connection"},
		{"connection name was not found", "zoho.deluge.connection-not-found"},
		{"invalid authtoken", "zoho.deluge.invalid-authtoken"},
		{"invalid_authtoken", "zoho.deluge.invalid-authtoken"},
		{"SCOPE_MISMATCH", "zoho.SCOPE_MISMATCH"},
		{"OAUTH_ORG_MISMATCH", "zoho.OAUTH_ORG_MISMATCH"},
		{"INVALID_OAUTH", "zoho.INVALID_OAUTH"},
		{"UNAUTHORIZED", "zoho.UNAUTHORIZED"},
	}
}
