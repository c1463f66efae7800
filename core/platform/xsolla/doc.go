// Package xsolla is Xsolla Login: how a game's or a shop's visitors sign in,
// and the actions that make Zendesk Chat know them by it.
//
// What is odd about it, and where it is dealt with:
//
//   - Everything exists twice: the JWT variant knows a project by its id and
//     gives a token, the OAuth 2.0 variant knows a client and gives a code
//     (signin.go).
//   - A sign-in by program answers with the callback's address, in which the
//     token stands, or a challenge instead of it (callback.go).
//   - Errors are {"error":{"code":"003-001","description":…}}, at the token
//     endpoint too; which status goes with which code no page says (fault.go).
//   - A project signs with HS256 by its secret, or with RS256 by keys whose
//     list has hexadecimal numbers (keys.go; deskward/core/visitortoken reads it).
//
// Sources: https://developers.xsolla.com/api/login,
// https://developers.xsolla.com/login-api/jwt-structure, and the error codes of
// github.com/xsolla/store-unity-sdk. What they leave open is marked
// "unverified" where it is used.
package xsolla
