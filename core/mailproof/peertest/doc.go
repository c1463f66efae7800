// Package peertest holds tests that prove mailboxes at mail servers that
// others wrote. It is a module of its own, so that their code is no dependency
// of deskward.
package peertest
