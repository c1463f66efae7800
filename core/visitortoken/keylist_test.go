package visitortoken

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"deskward/core"
)

func TestAKeyListIsReadHoweverItsNumbersAreWritten(t *testing.T) {
	t.Parallel()
	k := rsaKey(t, 2048)
	hexN, b64 := fmt.Sprintf("%x", k.N), base64.RawURLEncoding
	b64N := b64.EncodeToString(k.N.Bytes())
	entry := func(n, e string) string {
		return fmt.Sprintf(`{"alg":"RS256","kty":"RSA","use":"sig","kid":"1","n":"%s","e":"%s"}`, n, e)
	}
	for name, list := range map[string]string{
		"as Xsolla sends it":        `[` + entry(hexN, "10001") + `]`,
		"as RFC 7517 has it":        `{"keys":[` + entry(b64N, "AQAB") + `]}`,
		"hexadecimal in capitals":   `[` + entry(strings.ToUpper(hexN), "010001") + `]`,
		"hexadecimal, 0x":           `[` + entry("0x"+hexN, "0x10001") + `]`,
		"a leading zero byte":       `[` + entry("00"+hexN, "010001") + `]`,
		"one in each way":           `[` + entry(hexN, "AQAB") + `]`,
		"one in the other way":      `[` + entry(b64N, "10001") + `]`,
		"six digits beside base64":  `[` + entry(b64N, "010001") + `]`,
		"padded":                    `[` + entry(b64.EncodeToString(append([]byte{0}, k.N.Bytes()...))+"==", "AQAB") + `]`,
		"keys of other kinds":       `[{"kty":"EC","crv":"P-256"},{"kty":"RSA","use":"enc","n":"x","e":"x"},{"kty":"oct","k":1},5,` + entry(hexN, "10001") + `]`,
		"neither use nor algorithm": fmt.Sprintf(`[{"kty":"RSA","kid":"1","n":"%s","e":"10001"}]`, hexN),
	} {
		keys, err := ParseKeyList([]byte(list))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(keys) != 1 || keys[0].KID != "1" || keys[0].Key.N.Cmp(k.N) != 0 || keys[0].Key.E != 65537 {
			t.Errorf("%s: got %+v", name, keys)
		}
	}
}

func TestSmallExponentsAreReadAsTheirModulusIsWritten(t *testing.T) {
	t.Parallel()
	n := rsaKey(t, 1024).N
	hexN, b64N := fmt.Sprintf("%x", n), base64.RawURLEncoding.EncodeToString(n.Bytes())
	for _, c := range []struct {
		n, e string
		want int
	}{
		{hexN, "3", 3},
		{hexN, "03", 3},
		{hexN, "11", 17},
		{hexN, "EQ", 17},
		{b64N, "Aw", 3},
		{b64N, "EQ", 17},
		{b64N, "11", 17}, // "11" is no base64url: bits are left over
		{hexN, "EB", 235},
		{b64N, "AAEAAQ", 65537},
	} {
		keys, err := ParseKeyList(fmt.Appendf(nil, `[{"kty":"RSA","n":%q,"e":%q}]`, c.n, c.e))
		if err != nil || keys[0].Key.E != c.want {
			t.Errorf("%.4s… %s: got %v, %v", c.n, c.e, keys, err)
		}
	}
}

func TestWhatIsNoKeyListIsRefused(t *testing.T) {
	t.Parallel()
	odd := fmt.Sprintf("%x", rsaKey(t, 1024).N)
	even := fmt.Sprintf("%x", new(big.Int).Lsh(big.NewInt(1), 2047))
	entry := `{"kty":"RSA","n":"` + odd + `","e":"10001"}`
	for name, list := range map[string]string{
		"nothing":              "",
		"no JSON":              "<html>",
		"an object of errors":  `{"error":{"code":"003-061"}}`,
		"null":                 "null",
		"no keys":              `{"keys":[]}`,
		"only other kinds":     `[{"kty":"EC"}]`,
		"another algorithm":    strings.Replace("["+entry+"]", `"kty"`, `"alg":"RS512","kty"`, 1),
		"an even modulus":      strings.Replace("["+entry+"]", odd, even, 1),
		"a short modulus":      strings.Replace("["+entry+"]", odd, odd[:128]+"1", 1),
		"a huge modulus":       strings.Replace("["+entry+"]", odd, strings.Repeat(odd, 20), 1),
		"an even exponent":     strings.Replace("["+entry+"]", "10001", "10000", 1),
		"an exponent of 1":     strings.Replace("["+entry+"]", "10001", "1", 1),
		"a huge exponent":      strings.Replace("["+entry+"]", "10001", "ffffffffffffff", 1),
		"neither way":          strings.Replace("["+entry+"]", odd, odd+"!", 1),
		"more keys than exist": "[" + strings.Repeat(entry+",", maxKeys) + entry + "]",
		"too long":             "[" + entry + strings.Repeat(" ", maxKeyList) + "]",
	} {
		if keys, err := ParseKeyList([]byte(list)); core.CodeOf(err) != "login.key-list" {
			t.Errorf("%s: got %v, %v", name, keys, err)
		}
	}
}

func FuzzParseKeyListGivesOnlyKeysThatVerify(f *testing.F) {
	k := rsaKey(f, 1024)
	f.Add(fmt.Appendf(nil, `[{"kty":"RSA","use":"sig","alg":"RS256","kid":"1","n":"%x","e":"10001"}]`, k.N))
	f.Add(fmt.Appendf(nil, `{"keys":[{"kty":"RSA","n":"%s","e":"AQAB"}]}`, base64.RawURLEncoding.EncodeToString(k.N.Bytes())))
	f.Add([]byte(`[{"kty":"RSA","n":"0x","e":""}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := ParseKeyList(data)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys and %v", len(keys), err)
		}
		for _, k := range keys {
			if k.Key.N.Bit(0) == 0 || k.Key.N.BitLen() < minKeyBits || k.Key.N.BitLen() > maxKeyBits || k.Key.E < 3 || k.Key.E%2 == 0 {
				t.Fatalf("got %+v", k.Key)
			}
		}
	})
}
