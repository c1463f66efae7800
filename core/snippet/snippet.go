// Package snippet writes the code that a developer puts into a site, an app or
// a backend so that visitors are signed in: filled with the account's values,
// commented in the admin's language, and without the secret, which the code
// reads from its environment.
//
// The code is files of assets/snippets, one a kind; their comments are the
// texts snippet.….
package snippet

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"deskward/core"
	"deskward/core/locale"
)

// Kind is where the code runs. The values are those of the command's argument.
type Kind string

// The kinds.
const (
	WebMessenger Kind = "web-messenger" // zE('messenger', 'loginUser', …)
	WebClassic   Kind = "web-classic"   // Web Widget (Classic): zESettings…chat.jwtFn
	ChatSDK      Kind = "chat-sdk"      // Chat Web SDK: zChat.init
	IOS          Kind = "ios"           // Zendesk SDK for iOS, Swift
	Android      Kind = "android"       // Zendesk SDK for Android, Kotlin
	Node         Kind = "node"          // backend that signs: jsonwebtoken
	Go           Kind = "go"            // backend that signs: golang-jwt
	Python       Kind = "python"        // backend that signs: PyJWT
)

// Kinds lists all kinds in the order in which they are offered.
func Kinds() []Kind {
	return []Kind{WebMessenger, WebClassic, ChatSDK, IOS, Android, Node, Go, Python}
}

// For lists the kinds that fit a kind of key: a widget of Zendesk messaging
// takes tokens of a messaging key only, one of Zendesk Chat those of the Chat
// secret; a backend signs with either. Xsolla's keys only verify: none fits.
func For(k core.KeyKind) []Kind {
	switch k {
	case core.KeyMessaging:
		return []Kind{WebMessenger, IOS, Android, Node, Go, Python}
	case core.KeyChat:
		return []Kind{WebClassic, ChatSDK, Node, Go, Python}
	}
	return nil
}

// FileName is what the code is called where it is saved.
func (k Kind) FileName() string {
	return map[Kind]string{
		WebMessenger: "web-messenger.js", WebClassic: "web-classic.js", ChatSDK: "chat-sdk.js", IOS: "ZendeskSignIn.swift",
		Android: "ZendeskSignIn.kt", Node: "zendesk-token.mjs", Go: "zendesk_token.go", Python: "zendesk_token.py",
	}[k]
}

// Values are what the code is filled with. It holds no secret and gets none.
type Values struct {
	Key core.KeySummary
	// Endpoint is the address that answers {"token": …} to a signed-in
	// visitor's page; "": an example.
	Endpoint string
	Say      *locale.Printer // the comments' language
}

// exampleEndpoint is where the page of Xsolla's documentation calls.
const exampleEndpoint = "https://example.com:8001/generate/token"

// The lifetimes that the backends give their tokens, in seconds: five of the
// seven minutes of Zendesk Chat (support article 4408838925082), and the hour
// of Zendesk's own examples for messaging.
const (
	chatLife      = 300
	messagingLife = 3600
)

// Variable names the environment variable in which a backend finds the secret
// of a kind of key; "" for a key that signs nothing.
func Variable(k core.KeyKind) string {
	switch k {
	case core.KeyMessaging:
		return "ZENDESK_MESSAGING_SECRET"
	case core.KeyChat:
		return "ZENDESK_CHAT_SECRET"
	}
	return ""
}

// Render writes the code of a kind from the files assets.Snippets. Codes:
// snippet.kind for a kind there is not, snippet.key where the key is of
// another product (the param "fit" names the kinds that fit), snippet.verifies
// for a key that signs nothing, snippet.endpoint for a wrong address.
func Render(files fs.FS, kind Kind, v Values) (string, error) {
	fit := For(v.Key.Kind)
	switch {
	case !slices.Contains(Kinds(), kind):
		return "", failed(v, "snippet.kind", Kinds())
	case len(fit) == 0:
		return "", failed(v, "snippet.verifies", nil)
	case !slices.Contains(fit, kind):
		return "", failed(v, "snippet.key", fit)
	}
	endpoint, err := checkEndpoint(cmp.Or(v.Endpoint, exampleEndpoint))
	if err != nil {
		return "", failed(v, "snippet.endpoint", nil)
	}
	name := kind.FileName() + ".tmpl"
	t, err := template.New(name).Funcs(functions(v.Say)).ParseFS(files, "snippets/"+name, "snippets/"+sharedFile)
	if err != nil {
		return "", fmt.Errorf("read the code of %s: %w", kind, err)
	}
	d := data{
		Account: core.CleanLine(v.Key.Account), KeyName: core.CleanLine(v.Key.Name), KID: v.Key.KID, Endpoint: endpoint,
		Messaging: v.Key.Kind == core.KeyMessaging, Variable: Variable(v.Key.Kind), Rules: "server.rules-chat", Life: chatLife,
	}
	if d.Messaging {
		d.Rules, d.Life = "server.rules-messaging", messagingLife
	}
	var out strings.Builder
	if err := t.Execute(&out, d); err != nil {
		return "", fmt.Errorf("write the code of %s: %w", kind, err)
	}
	return out.String(), nil
}

// sharedFile defines what several kinds include.
const sharedFile = "fetch.js.tmpl"

// data is what the templates see.
type data struct {
	Account, KeyName, KID, Endpoint string

	Messaging bool   // else Chat
	Variable  string // of the environment, with the secret
	Rules     string // key of the comment on what goes into a token
	Life      int    // seconds
}

func functions(say *locale.Printer) template.FuncMap {
	text := func(key string) string { return say.T("snippet." + key) }
	return template.FuncMap{
		"t": text,
		// c writes a text as a comment: mark stands before each of its lines.
		"c": func(mark, key string) string {
			lines := strings.Split(text(key), "\n")
			for i, line := range lines {
				lines[i] = strings.TrimRight(mark+line, " ")
			}
			return strings.Join(lines, "\n")
		},
		// q writes a string literal. What is quoted is a key id or an address
		// without quotes, backslashes and dollars, so that every language of the
		// templates reads it alike.
		"q": strconv.Quote,
	}
}

var errEndpoint = errors.New("no address of a token endpoint")

// checkEndpoint returns the address as the code has it: what would mean
// something in a string literal is percent-encoded.
func checkEndpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || core.CleanLine(text) != text {
		return "", errEndpoint
	}
	return strings.NewReplacer("$", "%24", `"`, "%22", `\`, "%5C", "`", "%60").Replace(u.String()), nil
}

func failed(v Values, code string, fit []Kind) error {
	names := make([]string, len(fit))
	for i, k := range fit {
		names[i] = string(k)
	}
	return &core.Error{Tried: "snippet", On: v.Key.Name, Code: code, Class: core.Usage, Params: map[string]string{"fit": strings.Join(names, ", ")}}
}
