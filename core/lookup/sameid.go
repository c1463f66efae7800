package lookup

import (
	"strings"

	"deskward/core"
)

// likeness is how a record's external id compares with another.
type likeness int

const (
	another likeness = iota // somebody else's, or none
	alike                   // differs in case alone, and no source says what the platform makes of that
	same                    // one id to that platform
)

// ignoresCase reports whether a kind of record has one external id however it
// is spelled in capitals and small letters. Support says so of its users
// ("ian1" and "IAN1" are the same value:
// developer.zendesk.com/api-reference/ticketing/users). Of messaging users,
// Chat visitors and Login users no source says anything.
func ignoresCase(k core.VisitorKind) bool { return k == core.VisitorSupport }

// sameID compares the external id of a record of kind k with id. Only the
// platform that has the record can say whether two spellings are one.
func sameID(k core.VisitorKind, record, id string) likeness {
	switch {
	case record == "" || id == "":
		return another
	case record == id:
		return same
	case !strings.EqualFold(record, id):
		return another
	case ignoresCase(k):
		return same
	}
	return alike
}

// is compares the company's own id of a record with id.
func (p person) is(id string) likeness { return sameID(p.Kind, own(p), id) }
