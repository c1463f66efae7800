// Package snippet writes the code that a developer puts into a site, an app or
// a backend so that visitors are signed in: filled with the account's values,
// commented in the admin's language, and without the secret, which the code
// reads from its environment.
//
// The code is files of assets/snippets, one a kind; their comments are the
// texts snippet.….
package snippet

import (
	"errors"
	"io/fs"

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

// Render writes the code of a kind from the files assets.Snippets. It fails
// with code snippet.kind for a kind there is not, and snippet.key where the
// key is of another product; the param "fit" then names the kinds that fit.
func Render(files fs.FS, kind Kind, v Values) (string, error) {
	return "", errors.New("not built yet")
}
