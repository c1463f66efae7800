package visitortoken

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"deskward/core"
)

// PublicKey is one key of a key list.
type PublicKey struct {
	KID string
	Alg string // "" where the list does not say
	Key *rsa.PublicKey
}

// What is read of a key list. A project has a handful of keys of 2048 or 4096
// bits; below 1024 Go verifies nothing, and the time that verifying takes grows
// with the square of the size.
const (
	maxKeyList   = 256 << 10
	maxKeys      = 100
	minKeyBits   = 1024
	maxKeyBits   = 8192
	maxExponent  = 1<<31 - 1 // crypto/rsa takes no greater one
	maxKeyLetter = maxKeyBits/4 + 16
)

// listedKey is a key as a list has it: RFC 7517 §4 and RFC 7518 §6.3.1, apart
// from how Xsolla writes numbers.
type listedKey struct {
	KID string `json:"kid"`
	Kty string `json:"kty"`
	Alg string `json:"alg"`
	Use string `json:"use"`
	N   string `json:"n"`
	E   string `json:"e"`
}

// ParseKeyList reads an Xsolla Login project's public keys: an array of keys
// or {"keys": […]}, whose numbers are hexadecimal (as Xsolla sends them) or
// base64url (as RFC 7518 has it). Keys that are not RSA's or not for signatures
// are left out. It fails with code login.key-list, also where none is left.
func ParseKeyList(data []byte) ([]PublicKey, error) {
	keys, err := parseKeyList(data)
	if err != nil {
		return nil, &core.Error{Tried: "login-keys", Code: "login.key-list", Class: core.Usage, Err: err}
	}
	return keys, nil
}

func parseKeyList(data []byte) ([]PublicKey, error) {
	if len(data) > maxKeyList {
		return nil, fmt.Errorf("longer than %d bytes", maxKeyList)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		var set struct {
			Keys []json.RawMessage `json:"keys"`
		}
		if json.Unmarshal(data, &set) != nil || set.Keys == nil {
			return nil, errors.New("neither an array of keys nor an object with one")
		}
		raw = set.Keys
	}
	if len(raw) > maxKeys {
		return nil, fmt.Errorf("more than %d keys", maxKeys)
	}
	var keys []PublicKey
	for i, r := range raw {
		var k listedKey
		if err := json.Unmarshal(r, &k); err != nil {
			// RFC 7517 §5: what is not understood is left out, and a key of
			// another kind may have members of other types.
			continue
		}
		if k.Kty != "RSA" || k.Use != "" && k.Use != "sig" || k.Alg != "" && k.Alg != core.AlgRS256 {
			continue
		}
		key, err := k.publicKey()
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		keys = append(keys, PublicKey{KID: k.KID, Alg: k.Alg, Key: key})
	}
	if len(keys) == 0 {
		return nil, errors.New("no RSA key for signatures")
	}
	return keys, nil
}

func (k listedKey) publicKey() (*rsa.PublicKey, error) {
	if len(k.N) > maxKeyLetter || len(k.E) > maxKeyLetter {
		return nil, fmt.Errorf("more than %d bits", maxKeyBits)
	}
	n, isHex := modulus(k.N)
	if n == nil {
		return nil, errors.New("its modulus is neither hexadecimal nor base64url, or of a size no RSA key has")
	}
	e := exponent(k.E, isHex)
	if e == nil {
		return nil, errors.New("its exponent is neither hexadecimal nor base64url, or none that RSA has")
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// modulus reads the modulus and says whether it was hexadecimal. Every
// hexadecimal number is in base64url's alphabet, too, so what can be
// hexadecimal might be either; but that all of the 171 or more characters of a
// random number in base64url are among these 22 happens once in 10⁷⁹ keys. So
// what can be hexadecimal is. The result has to be odd, as the product of two
// odd primes.
func modulus(s string) (n *big.Int, isHex bool) {
	if n := fromHex(s); n != nil {
		if isModulus(n) {
			return n, true
		}
		return nil, false
	}
	if n := fromBase64(s); n != nil && isModulus(n) {
		return n, false
	}
	return nil, false
}

func isModulus(n *big.Int) bool {
	return n.Bit(0) == 1 && n.BitLen() >= minKeyBits && n.BitLen() <= maxKeyBits
}

// exponent reads the exponent, which is too short to tell by itself how it is
// written: "11" is 17 in one way and 215 in the other. A list writes both
// numbers of a key alike, so the modulus decides; where that gives no exponent
// of RSA's (odd, and at least 3), it is tried the other way. "AQAB" and "10001",
// which nearly every key has, are each a number in one way only.
func exponent(s string, isHex bool) *big.Int {
	ways := []func(string) *big.Int{fromBase64, fromHex}
	if isHex {
		ways = []func(string) *big.Int{fromHex, fromBase64}
	}
	for _, read := range ways {
		if e := read(s); e != nil && e.Bit(0) == 1 && e.BitLen() <= 31 && e.Int64() >= 3 && e.Int64() <= maxExponent {
			return e
		}
	}
	return nil
}

// fromHex reads digits of base 16 of any number: Xsolla sends "10001".
func fromHex(s string) *big.Int {
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		s = rest
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F')
	}) {
		return nil
	}
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		return nil
	}
	return n
}

// fromBase64 reads base64url (RFC 7518 §2, Base64urlUInt), with padding or
// without. Strict: bits beyond the last byte would be of another encoding.
func fromBase64(s string) *big.Int {
	b, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(s, "="))
	if err != nil || len(b) == 0 {
		return nil
	}
	return new(big.Int).SetBytes(b)
}
