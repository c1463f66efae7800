package store

import (
	"time"

	"deskward/core"
)

// MinWorkFactor is the least, and the default, scrypt work factor of a
// passphrase, as the logarithm of N: 2^17 blocks of 1 KiB, 128 MiB.
const MinWorkFactor = 17

// Options say how a store is created and opened. The zero value is right for
// production.
type Options struct {
	// WorkFactor is the logarithm of scrypt's N for passphrases set from now
	// on; 0 is MinWorkFactor, and less is refused.
	WorkFactor int
	// AllowWeak accepts a lower WorkFactor. For tests only.
	AllowWeak bool
	// Clock dates members, changes and failed attempts; nil is the machine's.
	Clock core.Clock

	upgrades []upgrade // instead of the built-in ones; for tests
}

// Member is one who can unlock the store: a passphrase or a public key, just
// one of the two.
type Member struct {
	Label      string      // what people call it; kept sealed
	AddedBy    string      // who added it, for people; kept sealed
	Passphrase core.Secret // for a member of kind MemberPassphrase
	Recipient  string      // "ssh-ed25519 AAAA…", "ssh-rsa AAAA…", "age1…" or "age1pq1…"
}

// MemberKind says what a member unlocks the store with.
type MemberKind string

// The kinds of member.
const (
	MemberPassphrase MemberKind = "passphrase"
	MemberSSH        MemberKind = "ssh"
	MemberAge        MemberKind = "age"
)

// MemberInfo describes a member to those who have the store unlocked.
type MemberInfo struct {
	ID        string     `json:"id"`
	Kind      MemberKind `json:"kind"`
	Label     string     `json:"label,omitempty"`
	Recipient string     `json:"recipient,omitempty"` // the public key; "" for a passphrase
	AddedAt   time.Time  `json:"added_at"`
	AddedBy   string     `json:"added_by,omitempty"`
	Current   bool       `json:"current,omitempty"` // this session was unlocked with it
}

// Protection says, without a key, how a store is protected: how many members
// of each kind it has.
type Protection struct {
	Passphrases int `json:"passphrases"`
	SSHKeys     int `json:"ssh_keys"`
	AgeKeys     int `json:"age_keys"`
}

// Attempts is what the store knows of failed unlocks since the last
// successful one, by all sessions.
type Attempts struct {
	Failed int
	Wait   time.Duration // until the next passphrase is tried; 0: at once
}

// Unlocked says how an Unlock went.
type Unlocked struct {
	FailedBefore int        // failed attempts since the unlock before, by all sessions: record them as core.VerbUnlockFailed
	Member       MemberInfo // whose key opened the store
}

// BackupOptions say to whom a backup is encrypted. With none of the three
// given it is encrypted to the members that are public keys.
type BackupOptions struct {
	Passphrase core.Secret // alone: age allows no other recipient beside a passphrase
	Recipients []string    // public keys, as in Member
	Force      bool        // overwrite an existing file
}

// Restored says what a Restore put in place.
type Restored struct {
	Kept    string    // path of the store that was there before; "" when there was none
	Changed time.Time // last change of the restored store
}

// Report is what Verify found.
type Report struct {
	Records  map[core.Kind]int `json:"records"`
	Bytes    int64             `json:"bytes"` // size of the file
	Problems []Problem         `json:"problems,omitempty"`
}

// Problem is one thing that is wrong with the store's file: with the record
// named, with a kind as a whole (no ID), or with the file (neither).
type Problem struct {
	Kind core.Kind `json:"kind,omitempty"`
	ID   string    `json:"id,omitempty"`
	Err  string    `json:"error"`
}
