// Package peertest holds tests that prove mailboxes at mail servers that
// others wrote: Dovecot, smtp-server of Nodemailer, go-smtp and go-imap. Each
// asks one and the same OAuth server of a token, and at each the reason of
// everything that can go wrong must come out. It is a module of its own, so
// that their code is no dependency of deskward.
package peertest
