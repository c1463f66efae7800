package visitortoken

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

// token signs header and payload exactly as they are written.
func token(t testing.TB, header, payload, secret string) string {
	t.Helper()
	return tokenWith(t, jwt.SigningMethodHS256, header, payload, secret)
}

func tokenWith(t testing.TB, method *jwt.SigningMethodHMAC, header, payload, secret string) string {
	t.Helper()
	enc := base64.RawURLEncoding
	s := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(payload))
	mac, err := method.Sign(s, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s + "." + enc.EncodeToString(mac)
}

const (
	messagingHeader = `{"alg":"HS256","typ":"JWT","kid":"` + kidA + `"}`
	chatHeader      = `{"alg":"HS256","typ":"JWT"}`
)

// kept are the keys of the tests: two messaging keys and the Chat secret of
// one account, one of another brand, one of another account, and a Login
// project.
func kept() []core.SigningKey {
	brand := keyWith("brand", core.KeyMessaging, "acme", kidB, testSecret("brand"))
	brand.Brand = "Europe"
	old := keyWith("old", core.KeyMessaging, "acme", "app_0123456789abcdef01234567", testSecret("old"))
	old.RetiredAt = at().Add(-48 * time.Hour)
	spare := keyWith("spare", core.KeyMessaging, "acme", "app_dddddddddddddddddddddddd", testSecret("spare"))
	former := keyWith("former", core.KeyChat, "acme-europe", "", testSecret("former"))
	former.RetiredAt = at().Add(-time.Hour)
	// A secret that is base64 with padding and plus, as those of some accounts are.
	standard := keyWith("standard", core.KeyMessaging, "acme", "app_eeeeeeeeeeeeeeeeeeeeeeee", base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xfb\xff not a secret ", 3))))
	return []core.SigningKey{
		messagingKey(), brand, old, spare, standard, keyWith("sandbox", core.KeyMessaging, "acme-sandbox", kidC, testSecret("sandbox")),
		chatKey(), former, loginKey(),
	}
}

func sec(d time.Duration) int64 { return at().Add(d).Unix() }

func messagingPayload(claims string) string {
	return fmt.Sprintf(`{"scope":"user",%s"exp":%d}`, claims, sec(time.Hour))
}

func chatPayload(claims string, iat, exp time.Duration) string {
	return fmt.Sprintf(`{"name":"Mina",%s"iat":%d,"exp":%d}`, claims, sec(iat), sec(exp))
}

// inspected is one row: what is pasted, what it turns out to be, and one
// finding that must be there.
type row struct {
	paste   string
	kind    Kind
	verdict Verdict
	code    string
	outcome Outcome
	where   string
}

func rows(t testing.TB) map[string]row {
	web, chat := testSecret("web"), testSecret("chat")
	id := `"external_id":"usr_1",`
	email := `"email":"mina@example.com",`
	m := func(claims string) string { return token(t, messagingHeader, messagingPayload(claims), web) }
	mp := func(payload string) string { return token(t, messagingHeader, payload, web) }
	mh := func(header string) string { return token(t, header, messagingPayload(id), web) }
	ms := func(secret string) string { return token(t, messagingHeader, messagingPayload(id), secret) }
	mk := func(kid, secret string) string {
		return token(t, `{"alg":"HS256","typ":"JWT","kid":"`+kid+`"}`, messagingPayload(id), secret)
	}
	c := func(payload string) string { return token(t, chatHeader, payload, chat) }
	good, goodChat := m(id), c(chatPayload(email+id, 0, 5*time.Minute))
	decoded, err := base64.StdEncoding.DecodeString(kept()[4].Secret().Reveal())
	if err != nil {
		t.Fatal(err)
	}
	decodedURL, err := base64.RawURLEncoding.DecodeString(web)
	if err != nil {
		t.Fatal(err)
	}
	long := func(n int, s string) string { return `"external_id":"` + strings.Repeat(s, n) + `",` }
	return map[string]row{
		// What is right.
		"messaging": {good, KindMessaging, Accept, "token.signature.ok", Passed, "signature"},
		"messaging with everything": {
			m(id + `"name":"山田 美奈",` + email + `"email_verified":true,"jti":"x","iat":1,`), KindMessaging, Accept, "messaging.email_verified.ok", Passed, "payload.email_verified",
		},
		"messaging without exp": {mp(`{"scope":"user","external_id":"usr_1"}`), KindMessaging, Accept, "messaging.exp.none", Passed, "payload.exp"},
		"messaging for a month": {mp(fmt.Sprintf(`{"scope":"user","external_id":"usr_1","exp":%d}`, sec(30*24*time.Hour))), KindMessaging, Accept, "messaging.exp.far", Unsure, "payload.exp"},
		"messaging of a brand":  {mk(kidB, testSecret("brand")), KindMessaging, Accept, "messaging.kid.ok", Passed, "header.kid"},
		"further claims":        {m(id + `"locale":"ja","plan":"pro",`), KindMessaging, Accept, "token.claims.other", Passed, "payload.locale"},
		"chat":                  {goodChat, KindChat, Accept, "token.signature.ok", Passed, "signature"},
		"chat for seven minutes": {
			c(chatPayload(email+id, 0, 7*time.Minute)), KindChat, Accept, "chat.exp.ok", Passed, "payload.exp",
		},
		"chat, two minutes fast": {c(chatPayload(email+id, 2*time.Minute, 5*time.Minute)), KindChat, Accept, "chat.iat.ok", Passed, "payload.iat"},
		"id with a hyphen":       {c(chatPayload(email+`"external_id":"82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f",`, 0, time.Minute)), KindChat, Accept, "chat.external_id.ok", Passed, "payload.external_id"},

		// What a paste brings along.
		"quotes":           {`"` + good + `",`, KindMessaging, Accept, "token.paste.quotes", Unsure, ""},
		"bearer":           {"Authorization: Bearer " + good, KindMessaging, Accept, "token.paste.bearer", Unsure, ""},
		"bearer alone":     {"bearer " + good, KindMessaging, Accept, "token.paste.bearer", Unsure, ""},
		"line breaks":      {good[:40] + "\n  " + good[40:90] + "\r\n" + good[90:], KindMessaging, Accept, "token.paste.breaks", Unsure, ""},
		"a JSON answer":    {`{ "token": "` + goodChat + `" }`, KindChat, Accept, "token.paste.json", Unsure, ""},
		"a quoted answer":  {`'{"token":"` + goodChat + `"}'`, KindChat, Accept, "token.paste.json", Unsure, ""},
		"a deeper answer":  {`{"data":{"zendesk":{"chat":"` + goodChat + `"}}}`, KindChat, Accept, "token.paste.surroundings", Unsure, ""},
		"a callback":       {"https://shop.example/login?state=1&token=" + good + "#top", KindMessaging, Accept, "token.paste.url", Unsure, ""},
		"a cookie":         {"Cookie: a=b; token=" + good + "; Path=/", KindMessaging, Accept, "token.paste.url", Unsure, ""},
		"a sentence":       {"It says " + good + ", why?", KindMessaging, Accept, "token.paste.surroundings", Unsure, ""},
		"two tokens":       {good + "\n" + goodChat, KindMessaging, Accept, "token.paste.several", Unsure, ""},
		"zero width space": {good[:30] + "\u200b" + good[30:], KindMessaging, Accept, "token.paste.invisible", Unsure, ""},
		"byte order mark":  {"\ufeff" + good, KindMessaging, Accept, "token.paste.invisible", Unsure, ""},

		// What is no token.
		"nothing":                    {" \n", KindNone, Refuse, "token.empty", Failed, ""},
		"a sentence only":            {"Hello. World. Again.", KindNone, Refuse, "token.not-jwt", Failed, ""},
		"a key id":                   {kidA, KindNone, Refuse, "token.is-kid", Failed, ""},
		"a secret":                   {web + "\n", KindNone, Refuse, "token.is-secret", Failed, ""},
		"no JSON":                    {"aGVsbG8.aGVsbG8.aGVsbG8", KindNone, Refuse, "token.header.json", Failed, "header"},
		"encrypted":                  {good + ".AAAA.AAAA", KindNone, Refuse, "token.segments.encrypted", Failed, ""},
		"four parts":                 {good + ".AAAA", KindNone, Refuse, "token.segments.count", Failed, ""},
		"two parts":                  {good[:strings.LastIndexByte(good, '.')], KindMessaging, Refuse, "token.signature.missing", Failed, "signature"},
		"no signature":               {good[:strings.LastIndexByte(good, '.')+1], KindMessaging, Refuse, "token.signature.missing", Failed, "signature"},
		"cut off":                    {good[:len(good)-9], KindMessaging, Refuse, "token.signature.length", Failed, "signature"},
		"broken base64":              {"eyJhbGciOiJIUzI1NiJ9.A.AAAA", KindOther, Refuse, "token.base64.broken", Failed, "payload"},
		"signature of one character": {good[:strings.LastIndexByte(good, '.')+2], KindMessaging, Refuse, "token.base64.broken", Failed, "signature"},
		"padded":                     {good + "=", KindMessaging, Refuse, "token.base64.padding", Failed, "signature"},
		"payload a list":             {mp(`["user"]`), KindOther, Refuse, "token.payload.json", Failed, "payload"},
		"trailing bytes":             {mp(messagingPayload(id) + "x"), KindOther, Refuse, "token.payload.json", Failed, "payload"},
		"not UTF-8":                  {m("\"name\":\"\xc3\"," + id), KindOther, Refuse, "token.payload.utf8", Failed, "payload"},

		// What is odd.
		"external_id twice": {m(id + `"external_id":"usr_2",`), KindMessaging, CantSay, "token.payload.duplicate", Unsure, "payload.external_id"},
		"alg twice":         {mh(`{"alg":"none","alg":"HS256","typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, CantSay, "token.header.duplicate", Unsure, "header.alg"},
		"deep":              {m(id + `"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + ","), KindMessaging, CantSay, "token.payload.nested", Unsure, "payload"},
		"too deep":          {m(id + `"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + ","), KindOther, Refuse, "token.payload.json", Failed, "payload"},
		"an escape":         {m(id + `"plan":"\u001b[2J",`), KindMessaging, CantSay, "token.payload.control", Unsure, "payload.plan"},
		"a NUL in the name": {m(id + `"name":"a\u0000b",`), KindMessaging, CantSay, "messaging.name.control", Unsure, "payload.name"},
		"crit":              {mh(`{"alg":"HS256","typ":"JWT","kid":"` + kidA + `","crit":["x"]}`), KindMessaging, CantSay, "token.header.crit", Unsure, "header.crit"},
		"nine KiB":          {m(id + `"x":"` + strings.Repeat("x", 9<<10) + `",`), KindMessaging, CantSay, "token.size.large", Unsure, ""},
		"two megabytes":     {strings.Repeat("x", 2<<20), KindNone, CantSay, "token.size.unread", Unsure, ""},

		"base64":              {strings.NewReplacer("-", "+", "_", "/").Replace(m(id + `"name":"?>?>?>ÿÿÿ",`)), KindMessaging, Refuse, "token.base64.standard", Failed, "payload"},
		"header not UTF-8":    {mh("{\"alg\":\"HS256\",\"kid\":\"\xff\"}"), KindNone, Refuse, "token.header.utf8", Failed, "header"},
		"a deep header":       {mh(`{"alg":"HS256","typ":"JWT","kid":"` + kidA + `","x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`), KindMessaging, CantSay, "token.header.nested", Unsure, "header"},
		"an escape in header": {mh(`{"alg":"HS256","typ":"JWT","kid":"` + kidA + `","cty":"\u001b[2J"}`), KindMessaging, CantSay, "token.header.control", Unsure, "header.cty"},

		// alg, typ.
		"none":         {mh(`{"alg":"none","typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, Refuse, "token.alg.none", Failed, "header.alg"},
		"nOnE":         {mh(`{"alg":"nOnE","typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, Refuse, "token.alg.none", Failed, "header.alg"},
		"RS256":        {mh(`{"alg":"RS256","typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, Refuse, "token.alg.asymmetric", Failed, "header.alg"},
		"hs256":        {mh(`{"alg":"hs256","typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, Refuse, "token.alg.case", Failed, "header.alg"},
		"alg a number": {mh(`{"alg":256,"typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, Refuse, "token.alg.type", Failed, "header.alg"},
		"no alg":       {mh(`{"typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, Refuse, "token.alg.missing", Failed, "header.alg"},
		"HMAC":         {mh(`{"alg":"HMAC","typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, Refuse, "token.alg.unknown", Failed, "header.alg"},
		"HS512": {
			tokenWith(t, jwt.SigningMethodHS512, `{"alg":"HS512","typ":"JWT","kid":"`+kidA+`"}`, messagingPayload(id), web), KindMessaging, CantSay, "token.alg.hmac", Unsure, "header.alg",
		},
		"no typ":     {mh(`{"alg":"HS256","kid":"` + kidA + `"}`), KindMessaging, CantSay, "token.typ.missing", Unsure, "header.typ"},
		"typ at+jwt": {mh(`{"alg":"HS256","typ":"at+jwt","kid":"` + kidA + `"}`), KindMessaging, CantSay, "token.typ.other", Unsure, "header.typ"},
		"Alg":        {mh(`{"Alg":"HS256","typ":"JWT","kid":"` + kidA + `"}`), KindMessaging, Refuse, "token.claim.case", Unsure, "header.Alg"},

		// kid.
		"no kid":         {mh(chatHeader), KindMessaging, Refuse, "messaging.kid.missing", Failed, "header.kid"},
		"kid in payload": {token(t, chatHeader, messagingPayload(id+`"kid":"`+kidA+`",`), web), KindMessaging, Refuse, "messaging.kid.in-payload", Failed, "payload.kid"},
		"kid a number":   {mh(`{"alg":"HS256","typ":"JWT","kid":5}`), KindMessaging, Refuse, "messaging.kid.type", Failed, "header.kid"},
		"kid unknown":    {mk("app_999999999999999999999999", "somebody else's"), KindMessaging, CantSay, "messaging.kid.unknown", Unsure, "header.kid"},
		"kid act_":       {mk("act_999999999999999999999999", "somebody else's"), KindMessaging, CantSay, "messaging.kid.prefix", Unsure, "header.kid"},
		"kid is a name":  {mk("web 2026", "somebody else's"), KindMessaging, CantSay, "messaging.kid.shape", Unsure, "header.kid"},
		"kid is retired": {mk("app_0123456789abcdef01234567", testSecret("old")), KindMessaging, Refuse, "messaging.kid.retired", Failed, "header.kid"},

		// The signature.
		"another secret":          {ms("somebody else's"), KindMessaging, Refuse, "token.signature.wrong", Failed, "signature"},
		"another key's secret":    {ms(testSecret("spare")), KindMessaging, Refuse, "token.signature.other-key", Failed, "signature"},
		"another brand's secret":  {ms(testSecret("brand")), KindMessaging, Refuse, "token.signature.other-brand", Failed, "signature"},
		"the sandbox's secret":    {ms(testSecret("sandbox")), KindMessaging, Refuse, "token.signature.other-account", Failed, "signature"},
		"an unknown kid":          {mk("app_999999999999999999999999", web), KindMessaging, Refuse, "token.signature.other-kid", Failed, "signature"},
		"Chat's secret":           {ms(chat), KindMessaging, Refuse, "token.signature.chat-key", Failed, "signature"},
		"the login secret":        {ms(testSecret("login")), KindMessaging, Refuse, "token.signature.xsolla-key", Failed, "signature"},
		"decoded as base64url":    {ms(string(decodedURL)), KindMessaging, Refuse, "token.signature.decoded", Failed, "signature"},
		"decoded as base64":       {mk("app_eeeeeeeeeeeeeeeeeeeeeeee", string(decoded)), KindMessaging, Refuse, "token.signature.decoded", Failed, "signature"},
		"encoded once more":       {ms(base64.StdEncoding.EncodeToString([]byte(web))), KindMessaging, Refuse, "token.signature.encoded", Failed, "signature"},
		"a line break at the end": {ms(web + "\n"), KindMessaging, Refuse, "token.signature.secret-space", Failed, "signature"},
		"a blank before":          {ms(" " + web), KindMessaging, Refuse, "token.signature.secret-space", Failed, "signature"},
		"quotes around":           {ms(`"` + web + `"`), KindMessaging, Refuse, "token.signature.secret-quotes", Failed, "signature"},
		"the kid as secret":       {ms(kidA), KindMessaging, Refuse, "token.signature.kid-as-secret", Failed, "signature"},
		"Chat with a stranger's":  {token(t, chatHeader, chatPayload(email+id, 0, time.Minute), "x"), KindChat, CantSay, "token.signature.no-match", Unsure, "signature"},

		// scope.
		"no scope":       {mp(`{"external_id":"usr_1"}`), KindMessaging, Refuse, "messaging.scope.missing", Failed, "payload.scope"},
		"scope admin":    {mp(`{"scope":"admin","external_id":"usr_1"}`), KindMessaging, Refuse, "messaging.scope.value", Failed, "payload.scope"},
		"scope app":      {mp(`{"scope":"app","external_id":"usr_1"}`), KindMessaging, Refuse, "messaging.scope.value", Failed, "payload.scope"},
		"scope appUser":  {mp(`{"scope":"appUser","userId":"usr_1"}`), KindMessaging, Refuse, "messaging.scope.app-user", Failed, "payload.scope"},
		"scope a list":   {mp(`{"scope":["user"],"external_id":"usr_1"}`), KindMessaging, Refuse, "messaging.scope.type", Failed, "payload.scope"},
		"an API's token": {mp(`{"scope":"app"}`), KindConversations, CantSay, "token.kind.conversations-api", Unsure, ""},

		// external_id.
		"no id":               {m(""), KindMessaging, Refuse, "messaging.external_id.missing", Failed, "payload.external_id"},
		"userId":              {m(`"userId":"usr_1",`), KindMessaging, Refuse, "messaging.external_id.name", Failed, "payload.userId"},
		"user_id":             {m(`"user_id":"usr_1",`), KindMessaging, Refuse, "messaging.external_id.name", Failed, "payload.user_id"},
		"sub":                 {m(`"sub":"usr_1",`), KindMessaging, Refuse, "messaging.external_id.name", Failed, "payload.sub"},
		"External_Id":         {m(`"External_Id":"usr_1",`), KindMessaging, Refuse, "messaging.external_id.name", Failed, "payload.External_Id"},
		"id a number":         {m(`"external_id":12345,`), KindMessaging, Refuse, "messaging.external_id.type", Failed, "payload.external_id"},
		"id null":             {m(`"external_id":null,`), KindMessaging, Refuse, "messaging.external_id.type", Failed, "payload.external_id"},
		"id true":             {m(`"external_id":true,`), KindMessaging, Refuse, "messaging.external_id.type", Failed, "payload.external_id"},
		"id empty":            {m(`"external_id":"",`), KindMessaging, Refuse, "messaging.external_id.empty", Failed, "payload.external_id"},
		"id of blanks":        {m(`"external_id":"  ",`), KindMessaging, Refuse, "messaging.external_id.empty", Failed, "payload.external_id"},
		"id with a NUL":       {m(`"external_id":"a\u0000",`), KindMessaging, Refuse, "messaging.external_id.control", Failed, "payload.external_id"},
		"id of 255":           {m(long(255, "a")), KindMessaging, Accept, "messaging.external_id.ok", Passed, "payload.external_id"},
		"id of 256":           {m(long(256, "a")), KindMessaging, Refuse, "messaging.external_id.long", Failed, "payload.external_id"},
		"id of 255 in bytes":  {m(long(255, "é")), KindMessaging, CantSay, "messaging.external_id.bytes", Unsure, "payload.external_id"},
		"id an address":       {m(`"external_id":"mina@example.com",`), KindMessaging, Accept, "messaging.external_id.email", Unsure, "payload.external_id"},
		"id a number to call": {m(`"external_id":"+81 3-1234-5678",`), KindMessaging, Accept, "messaging.external_id.phone", Unsure, "payload.external_id"},
		"id of auth0":         {m(`"external_id":"auth0|123",`), KindMessaging, CantSay, "messaging.external_id.characters", Unsure, "payload.external_id"},
		"Chat id of 300":      {c(chatPayload(email+long(300, "a"), 0, time.Minute)), KindChat, CantSay, "chat.external_id.long", Unsure, "payload.external_id"},
		"Chat id a number":    {c(chatPayload(email+`"external_id":12345,`, 0, time.Minute)), KindChat, Refuse, "chat.external_id.type", Failed, "payload.external_id"},

		// Times of messaging.
		"exp a text":        {mp(`{"scope":"user","external_id":"a","exp":"12345678"}`), KindMessaging, Refuse, "messaging.exp.text", Failed, "payload.exp"},
		"exp true":          {mp(`{"scope":"user","external_id":"a","exp":true}`), KindMessaging, Refuse, "messaging.exp.type", Failed, "payload.exp"},
		"exp over":          {mp(fmt.Sprintf(`{"scope":"user","external_id":"a","exp":%d}`, sec(-90*time.Second))), KindMessaging, Refuse, "messaging.exp.past", Failed, "payload.exp"},
		"exp now":           {mp(fmt.Sprintf(`{"scope":"user","external_id":"a","exp":%d}`, sec(0))), KindMessaging, Refuse, "messaging.exp.past", Failed, "payload.exp"},
		"exp in ms":         {mp(fmt.Sprintf(`{"scope":"user","external_id":"a","exp":%d}`, at().Add(time.Hour).UnixMilli())), KindMessaging, Accept, "messaging.exp.milliseconds", Unsure, "payload.exp"},
		"exp a fraction":    {mp(fmt.Sprintf(`{"scope":"user","external_id":"a","exp":%d.5}`, sec(time.Hour))), KindMessaging, CantSay, "messaging.exp.fraction", Unsure, "payload.exp"},
		"exp in 1970":       {mp(`{"scope":"user","external_id":"a","exp":-1e3}`), KindMessaging, Refuse, "messaging.exp.past", Failed, "payload.exp"},
		"exp beyond number": {mp(`{"scope":"user","external_id":"a","exp":1e999}`), KindMessaging, Refuse, "messaging.exp.type", Failed, "payload.exp"},
		"iat in ms":         {m(id + fmt.Sprintf(`"iat":%d,`, at().UnixMilli())), KindMessaging, CantSay, "messaging.iat.milliseconds", Unsure, "payload.iat"},
		"iat to come":       {m(id + fmt.Sprintf(`"iat":%d,`, sec(time.Hour))), KindMessaging, CantSay, "messaging.iat.future", Unsure, "payload.iat"},
		"nbf to come":       {m(id + fmt.Sprintf(`"nbf":%d,`, sec(time.Hour))), KindMessaging, CantSay, "token.nbf.future", Unsure, "payload.nbf"},

		// Times of Chat.
		"Chat without iat":    {c(fmt.Sprintf(`{"name":"A",%s%s"exp":%d}`, email, id, sec(time.Minute))), KindChat, Refuse, "chat.iat.missing", Failed, "payload.iat"},
		"Chat without exp":    {c(fmt.Sprintf(`{"name":"A",%s%s"iat":%d}`, email, id, sec(0))), KindChat, CantSay, "chat.exp.missing", Unsure, "payload.exp"},
		"Chat, ms":            {c(fmt.Sprintf(`{"name":"A",%s%s"iat":%d}`, email, id, at().UnixMilli())), KindChat, Refuse, "chat.iat.milliseconds", Failed, "payload.iat"},
		"Chat, exp in ms":     {c(fmt.Sprintf(`{"name":"A",%s%s"iat":%d,"exp":%d}`, email, id, sec(0), at().Add(time.Minute).UnixMilli())), KindChat, Refuse, "chat.exp.milliseconds", Failed, "payload.exp"},
		"Chat, iat a text":    {c(fmt.Sprintf(`{"name":"A",%s%s"iat":"%d"}`, email, id, sec(0))), KindChat, Refuse, "chat.iat.text", Failed, "payload.iat"},
		"Chat, 7 min 1 s":     {c(chatPayload(email+id, 0, 421*time.Second)), KindChat, Refuse, "chat.exp.too-long", Failed, "payload.exp"},
		"Chat, fast clock":    {c(chatPayload(email+id, 121*time.Second, 5*time.Minute)), KindChat, Refuse, "chat.iat.future", Failed, "payload.iat"},
		"Chat, three minutes": {c(chatPayload(email+id, -3*time.Minute, 2*time.Minute)), KindChat, CantSay, "chat.iat.aging", Unsure, "payload.iat"},
		"Chat, ten minutes":   {c(chatPayload(email+id, -10*time.Minute, 2*time.Minute)), KindChat, Refuse, "chat.iat.old", Failed, "payload.iat"},
		"Chat over":           {c(chatPayload(email+id, -time.Minute, -time.Second)), KindChat, Refuse, "chat.exp.past", Failed, "payload.exp"},

		"Chat, iat a list":     {c(fmt.Sprintf(`{"name":"A",%s%s"iat":[%d]}`, email, id, sec(0))), KindChat, Refuse, "chat.iat.type", Failed, "payload.iat"},
		"Chat, iat a fraction": {c(fmt.Sprintf(`{"name":"A",%s%s"iat":%d.5,"exp":%d}`, email, id, sec(0), sec(time.Minute))), KindChat, CantSay, "chat.iat.fraction", Unsure, "payload.iat"},
		"Chat, exp a fraction": {c(fmt.Sprintf(`{"name":"A",%s%s"iat":%d,"exp":%d.5}`, email, id, sec(0), sec(time.Minute))), KindChat, CantSay, "chat.exp.fraction", Unsure, "payload.exp"},
		"Chat, former secret":  {token(t, chatHeader, chatPayload(email+id, 0, time.Minute), testSecret("former")), KindChat, Refuse, "chat.key.retired", Failed, "signature"},
		"nbf a text":           {m(id + `"nbf":"now",`), KindMessaging, CantSay, "token.nbf.type", Unsure, "payload.nbf"},

		// name, e-mail.
		"verified as a text":  {m(id + email + `"email_verified":"true",`), KindMessaging, CantSay, "messaging.email_verified.type", Unsure, "payload.email_verified"},
		"verified of nothing": {m(id + `"email_verified":true,`), KindMessaging, Accept, "messaging.email_verified.alone", Unsure, "payload.email_verified"},
		"not verified":        {m(id + email), KindMessaging, Accept, "messaging.email_verified.not-true", Unsure, "payload.email_verified"},
		"e-mail of 129":       {m(id + `"email":"` + strings.Repeat("a", 117) + `@example.com","email_verified":true,`), KindMessaging, CantSay, "messaging.email.long", Unsure, "payload.email"},
		"no e-mail at all":    {m(id + `"email":"mina","email_verified":true,`), KindMessaging, CantSay, "messaging.email.shape", Unsure, "payload.email"},
		"e-mail a list":       {m(id + `"email":[],"email_verified":true,`), KindMessaging, CantSay, "messaging.email.type", Unsure, "payload.email"},
		"name a number":       {m(id + `"name":7,`), KindMessaging, CantSay, "messaging.name.type", Unsure, "payload.name"},
		"name of 129":         {m(id + `"name":"` + strings.Repeat("名", 129) + `",`), KindMessaging, CantSay, "messaging.name.long", Unsure, "payload.name"},
		"Chat, accents":       {c(chatPayload(`"email":"renée@example.com",`+id, 0, time.Minute)), KindChat, Refuse, "chat.email.ascii", Failed, "payload.email"},
		"Chat, no e-mail":     {c(chatPayload(id, 0, time.Minute)), KindChat, CantSay, "chat.email.missing", Unsure, "payload.email"},
		"Chat, Email":         {c(chatPayload(`"Email":"mina@example.com",`+id, 0, time.Minute)), KindChat, CantSay, "token.claim.case", Unsure, "payload.Email"},

		// What is neither.
		"single sign-on":          {token(t, chatHeader, `{"iat":1,"jti":"x","email":"a@example.com","name":"A"}`, "sso"), KindSSO, CantSay, "token.kind.sso", Unsure, ""},
		"single sign-on with exp": {token(t, chatHeader, `{"iat":1,"jti":"x","email":"a@example.com","name":"A","exp":9}`, "sso"), KindSSO, CantSay, "token.kind.sso", Unsure, ""},
		"Chat with jti":           {c(chatPayload(email+id+`"jti":"x",`, 0, time.Minute)), KindChat, Accept, "chat.iat.ok", Passed, "payload.iat"},
		"a stranger's Chat with jti": {
			token(t, chatHeader, chatPayload(email+id+`"jti":"x",`, 0, time.Minute), "x"), KindChat, CantSay, "token.signature.no-match", Unsure, "signature",
		},
		"Support SDK":   {`{"jwt":"` + token(t, chatHeader, `{"iat":1,"jti":"x","email":"a@example.com","name":"A"}`, "sdk") + `"}`, KindSupportSDK, CantSay, "token.kind.support-sdk", Unsure, ""},
		"OpenID":        {token(t, chatHeader, `{"iss":"https://id.example","sub":"1","aud":"x","exp":1}`, "x"), KindOther, CantSay, "token.kind.other", Unsure, ""},
		"Xsolla server": {token(t, chatHeader, `{"iss":"https://login.xsolla.com","exp":1,"xsolla_login_project_id":"`+project+`"}`, "x"), KindXsollaServer, CantSay, "token.kind.xsolla-server", Unsure, ""},

		// Xsolla Login.
		"a login":         {signed(t, jwt.SigningMethodHS256, nil, loginClaims(), []byte(testSecret("login"))), KindXsollaUser, Accept, "login.signature.ok", Passed, "signature"},
		"a wrong login":   {signed(t, jwt.SigningMethodHS256, nil, loginClaims(), []byte("x")), KindXsollaUser, Refuse, "login.signature", Failed, "signature"},
		"without e-mail":  {signed(t, jwt.SigningMethodHS256, nil, loginClaims(func(c jwt.MapClaims) { delete(c, "email") }), []byte(testSecret("login"))), KindXsollaUser, Accept, "login.no-email", Unsure, "payload.email"},
		"another project": {signed(t, jwt.SigningMethodHS256, nil, loginClaims(func(c jwt.MapClaims) { c["xsolla_login_project_id"] = "other" }), []byte("x")), KindXsollaUser, CantSay, "login.unkept", Unsure, "signature"},
	}
}

func TestEveryTokenGetsItsKindItsVerdictAndItsReason(t *testing.T) {
	t.Parallel()
	ps, codes := printers(t), Codes()
	for name, c := range rows(t) {
		r := Inspect(c.paste, Options{Keys: kept(), Now: at()})
		if r.Kind != c.kind || r.Verdict != c.verdict {
			t.Errorf("%s: %s, %s; want %s, %s", name, r.Kind, r.Verdict, c.kind, c.verdict)
		}
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == c.code })
		if i < 0 || r.Findings[i].Outcome != c.outcome || r.Findings[i].Where != c.where {
			t.Errorf("%s: no %s %s at %q in %+v", name, c.outcome, c.code, c.where, r.Findings)
		}
		for _, f := range r.Findings {
			checkFinding(t, ps, codes, f)
		}
	}
}

// problems returns the codes of the findings that are not right.
func problems(r Report) []string {
	var out []string
	for _, f := range r.Findings {
		if f.Outcome != Passed {
			out = append(out, f.Code)
		}
	}
	return out
}

func TestAKeyThatIsChosenIsTheOneThatCounts(t *testing.T) {
	t.Parallel()
	good := token(t, messagingHeader, messagingPayload(`"external_id":"usr_1",`), testSecret("web"))
	bare := token(t, chatHeader, `{"external_id":"usr_1"}`, "x")
	for name, c := range map[string]struct {
		paste, only string
		kind        Kind
		verdict     Verdict
		problems    []string
	}{
		"the right one":          {good, "web", KindMessaging, Accept, nil},
		"another of the account": {good, "spare", KindMessaging, Refuse, []string{"messaging.kid.other-key", "token.signature.other-key"}},
		"of another account":     {good, "sandbox", KindMessaging, Refuse, []string{"messaging.kid.other-account", "token.signature.other-account"}},
		"of another kind":        {good, "chat", KindMessaging, Refuse, []string{"token.signature.other-key"}},
		"what nothing else tells": {bare, "chat", KindChat, Refuse, []string{
			"chat.iat.missing", "token.signature.wrong", "chat.name.missing", "chat.email.missing", "chat.exp.missing",
		}},
		"a stranger's": {token(t, chatHeader, chatPayload(`"external_id":"a","email":"a@example.com",`, 0, time.Minute), "x"), "chat", KindChat, Refuse, []string{"token.signature.wrong"}},
	} {
		r := Inspect(c.paste, Options{Keys: kept(), Only: c.only, Now: at()})
		if got := problems(r); r.Kind != c.kind || r.Verdict != c.verdict || !slices.Equal(got, c.problems) {
			t.Errorf("%s: %s, %s, %v", name, r.Kind, r.Verdict, got)
		}
	}
}

func TestAKindThatIsChosenIsJudgedByItsRules(t *testing.T) {
	t.Parallel()
	chat := token(t, chatHeader, chatPayload(`"email":"a@example.com","external_id":"a",`, 0, time.Minute), testSecret("chat"))
	messaging := token(t, messagingHeader, messagingPayload(`"external_id":"a",`), testSecret("web"))
	for name, c := range map[string]struct {
		paste   string
		as      Kind
		verdict Verdict
		code    string
	}{
		"Chat as messaging":   {chat, KindMessaging, Refuse, "messaging.kid.missing"},
		"messaging as Chat":   {messaging, KindChat, Refuse, "chat.kid.present"},
		"Chat as sign-on":     {chat, KindSSO, Refuse, "token.sso.missing"},
		"Chat as help center": {chat, KindHelpCenter, CantSay, "token.kind.help-center"},
		"Chat as a login":     {chat, KindXsollaUser, Refuse, "login.issuer"},
		"API's as messaging":  {token(t, messagingHeader, `{"scope":"app"}`, testSecret("web")), KindMessaging, Refuse, "messaging.scope.value"},
	} {
		r := Inspect(c.paste, Options{Keys: kept(), As: c.as, Now: at()})
		if r.Kind != c.as || r.Verdict != c.verdict || !slices.Contains(problems(r), c.code) {
			t.Errorf("%s: %s, %s, %v", name, r.Kind, r.Verdict, problems(r))
		}
	}
}

func TestTimeCanBeMoved(t *testing.T) {
	t.Parallel()
	paste := token(t, chatHeader, chatPayload(`"email":"a@example.com","external_id":"a",`, 0, 5*time.Minute), testSecret("chat"))
	for after, want := range map[time.Duration]Verdict{
		-3 * time.Minute: Refuse, -time.Minute: Accept, 0: Accept, 2 * time.Minute: Accept, 3 * time.Minute: CantSay, 5 * time.Minute: Refuse,
	} {
		r := Inspect(paste, Options{Keys: kept(), Now: at().Add(after)})
		if r.Verdict != want || !r.At.Equal(at().Add(after)) {
			t.Errorf("after %v: %s, %v", after, r.Verdict, problems(r))
		}
		if !r.IssuedAt.Equal(at()) || !r.ExpiresAt.Equal(at().Add(5*time.Minute)) {
			t.Errorf("after %v: issued %v, expires %v", after, r.IssuedAt, r.ExpiresAt)
		}
	}
}

func TestFindingsStandWorstFirstAndThenAsInTheToken(t *testing.T) {
	t.Parallel()
	paste := `"` + token(t, `{"kid":7,"alg":"HS512"}`, `{"exp":"1","email_verified":"true","email":"a@example.com","external_id":3}`, "x") + `"`
	r := Inspect(paste, Options{Keys: kept(), As: KindMessaging, Now: at()})
	want := []string{
		"messaging.kid.type", "messaging.exp.text", "messaging.external_id.type", "messaging.scope.missing", "token.signature.length",
		"token.paste.quotes", "token.alg.hmac", "token.typ.missing", "messaging.email_verified.type",
		"token.kind.as", "messaging.email.ok",
	}
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Code)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestAReportNamesTheKeyAndShowsTheTokenCleaned(t *testing.T) {
	t.Parallel()
	r := Inspect(token(t, messagingHeader, `{"scope":"user","external_id":"a","x":"`+"\u202e"+`","y":"`+strings.Repeat("y", 100_000)+`"}`, testSecret("web")), Options{Keys: kept(), Now: at()})
	if r.KeyID != "web" || r.KeyName != "web" || r.Header != messagingHeader {
		t.Errorf("got %q %q %q", r.KeyID, r.KeyName, r.Header)
	}
	if strings.Contains(r.Payload, "\u202e") || len([]rune(r.Payload)) > maxShown || !strings.HasSuffix(r.Payload, "…") {
		t.Errorf("the payload of %d bytes ends in %q", len(r.Payload), r.Payload[len(r.Payload)-10:])
	}
}

func TestADraftIsJudgedAsItsTokenWillBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key core.SigningKey
		v   Visitor
	}{
		"messaging":       {messagingKey(), Visitor{ExternalID: "auth0|1", Name: "A", Email: "a@example.com"}},
		"an address":      {messagingKey(), Visitor{ExternalID: "a@example.com", EmailVerified: true, Email: "a"}},
		"Chat":            {chatKey(), Visitor{ExternalID: "a"}},
		"Chat, all of it": {chatKey(), Visitor{ExternalID: subject, Name: "A", Email: "a@example.com"}},
	} {
		d := NewDraft(c.key, c.v, 0, at())
		s, err := d.Sign(c.key.Secret())
		if err != nil {
			t.Fatal(err)
		}
		r := Inspect(s.Reveal(), Options{Keys: []core.SigningKey{c.key}, Only: c.key.ID, Now: at()})
		if r.Kind != d.Kind || r.Header != d.Header || r.Payload != d.Payload || r.KeyID != c.key.ID {
			t.Errorf("%s: drafted %+v, inspected %+v", name, d, r)
		}
		findings := slices.DeleteFunc(r.Findings, func(f Finding) bool {
			return f.Code == "token.signature.ok" || strings.HasPrefix(f.Code, "token.kind.")
		})
		if got, want := fmt.Sprint(findings), fmt.Sprint(d.Findings); got != want {
			t.Errorf("%s:\ndrafted   %s\ninspected %s", name, want, got)
		}
	}
}

func TestALoginTokenIsInspectedAsItIsVerified(t *testing.T) {
	t.Parallel()
	k := loginKey()
	for name, c := range rows(t) {
		for _, now := range []time.Time{at(), at().Add(25 * time.Hour)} {
			_, err := VerifyLogin(k, core.NewSecret(c.paste), now)
			r := Inspect(c.paste, Options{Keys: kept(), Only: k.ID, As: KindXsollaUser, Now: now})
			if strings.Contains(fmt.Sprint(problems(r)), "token.paste.") {
				continue // the one takes off what the other must not
			}
			if refused := r.Verdict == Refuse; refused != (err != nil) && r.Kind == KindXsollaUser {
				t.Errorf("%s: inspected %s %v, verified %v", name, r.Verdict, problems(r), err)
			}
			code := core.CodeOf(err)
			if slices.Contains(problems(r), "token.size.unread") {
				continue
			}
			if code == "login.malformed" { // here it is said what is malformed
				if r.Verdict != Refuse || !strings.Contains(fmt.Sprint(problems(r)), "token.") && !slices.Contains(problems(r), code) {
					t.Errorf("%s: malformed, and inspected %v", name, problems(r))
				}
				continue
			}
			if err != nil && r.Kind == KindXsollaUser && !slices.Contains(problems(r), code) {
				t.Errorf("%s: verified %s, inspected %v", name, code, problems(r))
			}
		}
	}
}

// A token of a megabyte, whatever it is made of, costs no more than a few
// passes over it: what grows with its square would not end here.
func TestAMegabyteIsReadInOneGo(t *testing.T) {
	t.Parallel()
	const half = MaxToken / 2
	fill := func(s string) string { return strings.Repeat(s, half/len(s)) }
	ps, codes := printers(t), Codes()
	for name, paste := range map[string]string{
		"dots":        fill("."),
		"ey":          fill("ey"),
		"ey.ey.":      fill("eyAA.eyAA."),
		"blanks":      "ey" + fill(" .") + "A",
		"quotes":      fill(`"`),
		"bearers":     fill("Bearer "),
		"braces":      fill(`{"token":`),
		"tokens":      fill("?token=a"),
		"zero widths": fill("\u200b"),
		"members":     token(t, messagingHeader, "{"+fill(`"EXP":1,`)+`"exp":1}`, "x"),
		"the same":    token(t, messagingHeader, "{"+fill(`"a":"\u0000",`)+`"a":1}`, "x"),
		"a long kid":  token(t, `{"kid":"`+fill("a")+`"}`, "{}", "x"),
		"a long id":   token(t, messagingHeader, messagingPayload(`"external_id":"`+fill("é")+`",`), "x"),
		"a number":    token(t, messagingHeader, `{"scope":"user","exp":`+fill("9")+`}`, "x"),
	} {
		r := Inspect(paste, Options{Keys: kept(), Now: at()})
		if r.Verdict == Accept || len(r.Findings) == 0 || len(r.Findings) > 40 || len(r.Payload) > 4*maxShown {
			t.Errorf("%s: %s with %d findings", name, r.Verdict, len(r.Findings))
		}
		for _, f := range r.Findings {
			checkFinding(t, ps, codes, f)
			for _, v := range append(slices.Collect(maps.Values(f.Params)), f.Value, f.Where) {
				if len(v) > 500 {
					t.Errorf("%s: %s has a value of %d bytes", name, f.Code, len(v))
				}
			}
		}
	}
}

func FuzzInspectSaysNothingUnsafeOfAnything(f *testing.F) {
	for _, r := range rows(f) {
		if len(r.paste) < 4000 {
			f.Add(r.paste, "")
		}
	}
	f.Add(`{"alg":"HS256"}`, `{"scope":"user","external_id":1e5,"exp":1e300,"iat":-1}`)
	f.Add(`{"alg":"HS256","kid":"app_1"}`, `{"external_id":"\ud800","exp":9007199254740993}`)
	ps, codes, keys := printers(f), Codes(), kept()
	f.Fuzz(func(t *testing.T, a, b string) {
		paste := a
		if b != "" { // header and payload, so that the fuzzer gets at the claims
			enc := base64.RawURLEncoding
			paste = enc.EncodeToString([]byte(a)) + "." + enc.EncodeToString([]byte(b)) + "."
		}
		for _, as := range []Kind{"", KindMessaging, KindChat, KindXsollaUser, KindSSO} {
			r := Inspect(paste, Options{Keys: keys, As: as, Now: at()})
			if len(r.Findings) == 0 || r.Kind == "" || r.Verdict == "" {
				t.Fatalf("got %+v", r)
			}
			if b != "" && r.Verdict == Accept {
				t.Fatalf("accepts what nobody signed: %+v", r)
			}
			for _, f := range r.Findings {
				checkFinding(t, ps, codes, f)
				for _, v := range append(slices.Collect(maps.Values(f.Params)), f.Value, f.Where, r.Header, r.Payload) {
					if core.CleanLine(v) != v {
						t.Fatalf("%s: not cleaned: %q", f.Code, v)
					}
				}
			}
		}
	})
}

func TestEveryCodeThatIsListedOccurs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	note := func(findings []Finding) {
		for _, f := range findings {
			seen[f.Code] = true
		}
	}
	for _, c := range rows(t) {
		for _, o := range []Options{
			{Keys: kept(), Now: at()},
			{Now: at()},
			{Keys: kept(), Only: "spare", Now: at()},
			{Keys: kept(), Only: "sandbox", Now: at()},
			{Keys: kept(), As: KindChat, Now: at()},
			{Keys: kept(), As: KindSSO, Now: at()},
			{Keys: kept(), As: KindHelpCenter, Now: at()},
			{Keys: kept(), Only: "login", As: KindXsollaUser, Now: at()},
			{Keys: kept(), Only: "login", As: KindXsollaUser, Now: at().Add(48 * time.Hour)},
		} {
			note(Inspect(c.paste, o).Findings)
		}
	}
	note(NewDraft(loginKey(), Visitor{}, 0, at()).Findings)
	private := rsaKey(t, 2048)
	paste := signed(t, jwt.SigningMethodRS256, map[string]any{"kid": "1"}, loginClaims(), private)
	empty := keyWith("empty", core.KeyXsolla, project, "", "")
	note(Inspect(rows(t)["a login"].paste, Options{Keys: []core.SigningKey{empty}, Now: at()}).Findings)
	for _, kid := range []string{"1", "2", ""} {
		k := core.SigningKey{ID: "rsa", Name: "rsa", Kind: core.KeyXsolla, Account: project, Alg: core.AlgRS256}
		if kid != "" {
			k.KeyList = fmt.Sprintf(`[{"kty":"RSA","kid":%q,"n":"%x","e":"10001"}]`, kid, private.N)
		}
		note(Inspect(paste, Options{Keys: []core.SigningKey{k}, Now: at()}).Findings)
	}
	for _, code := range Codes() {
		if !seen[code] {
			t.Errorf("%s never occurs", code)
		}
	}
}
