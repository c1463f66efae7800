package visitortoken

// MaxToken is how much of a paste is read. No vendor documents a limit of its
// own, and no web server takes a header that long.
const MaxToken = 1 << 20

// Inspect says of anything pasted which token it is, and of each rule of the
// vendor whether the token keeps it. It never fails and reads at most
// MaxToken bytes.
func Inspect(pasted string, o Options) Report { return Report{Kind: KindNone} }
