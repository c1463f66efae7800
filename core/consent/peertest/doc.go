// Package peertest proves core/consent against OAuth servers that others
// wrote: ory/fosite, and panva's OpenID-certified oidc-provider (for Node.js, in
// oidc). It is a module of its own, so that their dependencies stay out of ours:
//
//	cd core/consent/peertest/oidc && npm ci
//	cd core/consent/peertest && go test ./...
package peertest
