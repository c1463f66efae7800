package lookup

import "strings"

// Phone is a telephone number without the signs that people write between its
// digits.
type Phone struct {
	Digits        string
	International bool // it begins with the code of a country
}

const (
	// leastDigits and mostDigits are how many digits a number has that is taken
	// for a telephone's: what is shorter is a customer's or an order's, and E.164
	// has 15 at the most.
	leastDigits = 7
	mostDigits  = 15
)

// ReadPhone reads a telephone number as it is written anywhere, in wide
// characters too. ok is false where the text can be none. Whether a text is one
// is for kindsOf to say: 12345678 may be.
func ReadPhone(text string) (p Phone, ok bool) {
	p, _, ok = readPhone(text)
	return p, ok
}

// Subscriber are the digits that are at the end of the number however it was
// written down: without the 0 that is dialled before an area within a country,
// and is not where the country's code is.
func (p Phone) Subscriber() string {
	if p.International {
		return p.Digits
	}
	return strings.TrimLeft(p.Digits, "0")
}

// String is the number for a platform that takes E.164. One without a country
// stays without: which is meant can't be told.
func (p Phone) String() string {
	if p.International {
		return "+" + p.Digits
	}
	return p.Digits
}

// phoneSigns are what stood between the digits.
type phoneSigns struct {
	blanks, brackets bool
	groups           []int // how many digits are together
}

func readPhone(text string) (p Phone, signs phoneSigns, ok bool) {
	text = strings.TrimSpace(text)
	scheme := len(text) > len("tel:") && strings.EqualFold(text[:len("tel:")], "tel:")
	if scheme {
		text = strings.TrimSpace(text[len("tel:"):])
	}
	var digits strings.Builder
	depth, group := 0, 0
	flush := func() {
		if group > 0 {
			signs.groups, group = append(signs.groups, group), 0
		}
	}
	for _, r := range text {
		if r >= '０' && r <= '９' {
			r += '0' - '０'
		}
		if r >= '0' && r <= '9' {
			digits.WriteRune(r)
			group++
			continue
		}
		flush()
		switch r {
		case '+', '＋':
			if digits.Len() > 0 || p.International {
				return p, signs, false
			}
			p.International = true
		case '(', '（':
			depth, signs.brackets = depth+1, true
		case ')', '）':
			depth--
		case ' ', '\u3000', '\u00a0':
			signs.blanks = true
		case '-', '‐', '‑', '‒', '–', '—', '―', '−', '－', 'ー', '.', '/':
		default:
			return p, signs, false
		}
		if depth < 0 || depth > 1 {
			return p, signs, false
		}
	}
	flush()
	p.Digits = digits.String()
	if p.International {
		// +81 (0)3: the 0 is for those who leave the country's code out.
		narrow := strings.NewReplacer("（", "(", "）", ")", "０", "0").Replace(text)
		if at := strings.Index(narrow, "(0)"); at > 0 {
			code := len(strings.Map(onlyDigits, narrow[:at]))
			p.Digits = p.Digits[:code] + p.Digits[code+1:]
		}
	}
	n := len(p.Digits)
	return p, signs, depth == 0 && n >= leastDigits && n <= mostDigits
}

func onlyDigits(r rune) rune {
	if r >= '０' && r <= '９' {
		return r + '0' - '０'
	}
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// phoneKinds says what a text may be that is written like a telephone number,
// the likeliest first; nil: it is not. An id may be of digits and hyphens, too.
func phoneKinds(text string) []QueryKind {
	p, signs, ok := readPhone(text)
	if !ok {
		return nil
	}
	// Within a country a number begins with 0 and has ten or eleven digits, or
	// is three, three and four of them.
	national := strings.HasPrefix(p.Digits, "0") && !strings.HasPrefix(p.Digits, "00") && (len(p.Digits) == 10 || len(p.Digits) == 11)
	american := len(signs.groups) == 3 && signs.groups[0] == 3 && signs.groups[1] == 3 && signs.groups[2] == 4
	switch {
	case p.International, signs.brackets, strings.EqualFold(text[:min(4, len(text))], "tel:"):
		return []QueryKind{ByPhone}
	case len(signs.groups) > 1 && (national || american || signs.blanks):
		return []QueryKind{ByPhone, ByExternalID}
	case national: // Support's own ids never begin with 0
		return []QueryKind{ByExternalID, ByPhone}
	}
	return nil
}
