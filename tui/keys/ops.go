package keys

import (
	"deskward/core"
	"deskward/tui/screen"
)

// rowKeys are the keys that act on one signing key, with the reason where one
// cannot work now.
func (f *family) rowKeys(s core.KeySummary, some bool) map[string]screen.Key {
	const none = "keys.off.none"
	public, retired := s.Alg == core.AlgRS256, !s.RetiredAt.IsZero()
	key := func(shown, text string) screen.Key {
		return screen.NewKey(shown, "keys.key."+text, shown).If(some, none)
	}
	return map[string]screen.Key{
		"mint":    key("m", "mint").If(!retired, "keys.off.retired"),
		"share":   key("s", "share").If(f.Share != nil, "keys.off.share-missing").If(!s.Hidden, "keys.off.hidden-share").If(!public, "keys.off.public").If(!retired, "keys.off.retired"),
		"snippet": key("n", "snippet").If(s.Kind != core.KeyXsolla, "keys.off.no-snippet"),
		"inspect": key("i", "inspect").If(f.Inspect != nil, "keys.off.no-inspect"),
		"deploy":  key("d", "deploy").If(!retired, "keys.off.retired"),
		"copy":    key("y", "copy"),
		"rename":  key("R", "rename"),
		"replace": key("P", "replace").If(s.Kind != core.KeyMessaging, "keys.off.new-kid").If(!public, "keys.off.public").If(!retired, "keys.off.retired"),
		"hide":    key("H", "hide").If(!s.Hidden, "keys.off.hidden").If(!public, "keys.off.public"),
		"retire":  key("T", "retire").If(!retired, "keys.off.retired"),
		"remove":  key("x", "remove"),
	}
}

// open opens what a key of rowKeys stands for; ok is false for others.
func (f *family) open(k string, s core.KeySummary) (step screen.Step, ok bool) {
	switch k {
	case "m":
		return screen.Step{Open: f.mintScreen(s)}, true
	case "s":
		return screen.Step{Open: newShare(f, s)}, true
	case "n":
		return screen.Step{Open: newSnippets(f, s)}, true
	case "i":
		return screen.Step{Open: f.Inspect(s.ID)}, true
	case "d":
		return screen.Step{Open: newPlaces(f, s)}, true
	case "y":
		return screen.Step{Open: newCopyMenu(f, s)}, true
	case "R":
		return screen.Step{Open: newChange(f, s, rename)}, true
	case "P":
		return screen.Step{Open: newChange(f, s, replace)}, true
	case "H":
		return screen.Step{Open: newChange(f, s, hide)}, true
	case "T":
		return screen.Step{Open: newChange(f, s, retire)}, true
	case "x":
		return screen.Step{Open: newChange(f, s, remove)}, true
	}
	return screen.Step{}, false
}
