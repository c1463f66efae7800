// Makes visitor tokens, good and broken ones, with two JWT libraries, and says
// of each what the vendor's pages let expect of it. It reads the keys and the
// time from its standard input and writes the table to its standard output:
//
//   in   {now, keys: {web: {kid, secret}, …, chat: {secret}, login: {secret}}, project}
//   out  [{name, paste, kind, verdict, code, outcome}]
//
// The expectations are written from Zendesk's and Xsolla's pages alone. Claims
// are handed to the libraries as bytes where they would refuse to sign them.
import { CompactSign, SignJWT, UnsecuredJWT, generateKeyPair } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { text } from "node:stream/consumers";

const { now, keys, project } = JSON.parse(await text(process.stdin));
const bytes = (s) => new TextEncoder().encode(s);
const minute = 60, hour = 3600, day = 86400;
const rows = [];

// Each case is signed by both libraries.
const signers = {
  jose: (header, payload, secret) => new CompactSign(bytes(payload)).setProtectedHeader(header).sign(typeof secret === "string" ? bytes(secret) : secret),
  jsonwebtoken: async (header, payload, secret) =>
    jsonwebtoken.sign(payload, typeof secret === "string" ? secret : Buffer.from(secret), { algorithm: header.alg, header }),
};

async function row(name, header, payload, secret, kind, verdict, code, outcome, wrap = (t) => t) {
  const raw = typeof payload === "string" ? payload : JSON.stringify(payload);
  for (const [library, sign] of Object.entries(signers)) {
    rows.push({ name: `${name} (${library})`, paste: wrap(await sign(header, raw, secret)), kind, verdict, code, outcome });
  }
}

const header = (kid, more = {}) => ({ alg: "HS256", typ: "JWT", ...(kid ? { kid } : {}), ...more });
const web = keys.web, chat = keys.chat, login = keys.login;

// Zendesk messaging: kid in the header, scope "user", external_id.
const visitor = { scope: "user", external_id: "usr_12345", exp: now + hour };
const messaging = (name, claims, verdict, code, outcome) => row(`messaging: ${name}`, header(web.kid), claims, web.secret, "messaging", verdict, code, outcome);
const good = [
  ["the least", { scope: "user", external_id: "usr_12345" }],
  ["with exp", visitor],
  ["with a name", { ...visitor, name: "Mina Yamada" }],
  ["with a name in Japanese", { ...visitor, name: "山田 美奈" }],
  ["with a verified address", { ...visitor, email: "mina@example.com", email_verified: true }],
  ["with an address that is not verified", { ...visitor, email: "mina@example.com", email_verified: false }],
  ["with iat and jti", { ...visitor, iat: now, jti: "5f3a" }],
  ["a brand's prefix in the id", { ...visitor, external_id: "brand1_a8dedg" }],
  ["a UUID", { ...visitor, external_id: "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f" }],
  ["an id of 255 characters", { ...visitor, external_id: "a".repeat(255) }],
  ["an hour and a day", { ...visitor, exp: now + day + hour }],
  ["in another order", { exp: now + hour, external_id: "usr_12345", scope: "user" }],
];
for (const [name, claims] of good) await messaging(name, claims, "accept", "token.signature.ok", "passed");

const without = (claims, name) => Object.fromEntries(Object.entries(claims).filter(([k]) => k !== name));
for (const [name, claims, verdict, code, outcome] of [
  ["no scope", without(visitor, "scope"), "refuse", "messaging.scope.missing", "failed"],
  ["scope null", { ...visitor, scope: null }, "refuse", "messaging.scope.missing", "failed"],
  ["scope User", { ...visitor, scope: "User" }, "refuse", "messaging.scope.value", "failed"],
  ["scope admin", { ...visitor, scope: "admin" }, "refuse", "messaging.scope.value", "failed"],
  ["scope app, with an id", { ...visitor, scope: "app" }, "refuse", "messaging.scope.value", "failed"],
  ["scope appUser of Smooch", { scope: "appUser", userId: "usr_12345" }, "refuse", "messaging.scope.app-user", "failed"],
  ["scope a list", { ...visitor, scope: ["user"] }, "refuse", "messaging.scope.type", "failed"],
  ["no external_id", without(visitor, "external_id"), "refuse", "messaging.external_id.missing", "failed"],
  ["userId", { scope: "user", userId: "usr_12345" }, "refuse", "messaging.external_id.name", "failed"],
  ["user_id", { scope: "user", user_id: "usr_12345" }, "refuse", "messaging.external_id.name", "failed"],
  ["sub", { scope: "user", sub: "usr_12345" }, "refuse", "messaging.external_id.name", "failed"],
  ["externalId", { scope: "user", externalId: "usr_12345" }, "refuse", "messaging.external_id.name", "failed"],
  ["External_ID", { scope: "user", External_ID: "usr_12345" }, "refuse", "messaging.external_id.name", "failed"],
  ["id a number", { ...visitor, external_id: 12345 }, "refuse", "messaging.external_id.type", "failed"],
  ["id null", { ...visitor, external_id: null }, "refuse", "messaging.external_id.type", "failed"],
  ["id false", { ...visitor, external_id: false }, "refuse", "messaging.external_id.type", "failed"],
  ["id an object", { ...visitor, external_id: { id: 1 } }, "refuse", "messaging.external_id.type", "failed"],
  ["id empty", { ...visitor, external_id: "" }, "refuse", "messaging.external_id.empty", "failed"],
  ["id blank", { ...visitor, external_id: " " }, "refuse", "messaging.external_id.empty", "failed"],
  ["id of 256 characters", { ...visitor, external_id: "a".repeat(256) }, "refuse", "messaging.external_id.long", "failed"],
  ["id of 1024 characters, as the API allows", { ...visitor, external_id: "a".repeat(1024) }, "refuse", "messaging.external_id.long", "failed"],
  ["id of 200 characters in 600 bytes", { ...visitor, external_id: "名".repeat(200) }, "cant-say", "messaging.external_id.bytes", "unsure"],
  ["id with a NUL", { ...visitor, external_id: "a\0b" }, "refuse", "messaging.external_id.control", "failed"],
  ["id with a line break", { ...visitor, external_id: "usr_1\n" }, "refuse", "messaging.external_id.control", "failed"],
  ["id of Auth0", { ...visitor, external_id: "auth0|123" }, "cant-say", "messaging.external_id.characters", "unsure"],
  ["id an address, advised against", { ...visitor, external_id: "mina@example.com" }, "accept", "messaging.external_id.email", "unsure"],
  ["id a telephone number, advised against", { ...visitor, external_id: "+81312345678" }, "accept", "messaging.external_id.phone", "unsure"],
  ["exp a text", { ...visitor, exp: String(now + hour) }, "refuse", "messaging.exp.text", "failed"],
  ["exp a text of 1970", { ...visitor, exp: "12345678" }, "refuse", "messaging.exp.text", "failed"],
  ["exp a date", { ...visitor, exp: "2030-01-01T00:00:00Z" }, "refuse", "messaging.exp.type", "failed"],
  ["exp null", { ...visitor, exp: null }, "refuse", "messaging.exp.type", "failed"],
  ["exp a minute ago", { ...visitor, exp: now - minute }, "refuse", "messaging.exp.past", "failed"],
  ["exp a year ago", { ...visitor, exp: now - 365 * day }, "refuse", "messaging.exp.past", "failed"],
  ["exp 0", { ...visitor, exp: 0 }, "refuse", "messaging.exp.past", "failed"],
  ["exp in milliseconds", { ...visitor, exp: (now + hour) * 1000 }, "accept", "messaging.exp.milliseconds", "unsure"],
  ["exp with a fraction", { ...visitor, exp: now + hour + 0.25 }, "cant-say", "messaging.exp.fraction", "unsure"],
  ["exp in ten years", { ...visitor, exp: now + 3650 * day }, "accept", "messaging.exp.far", "unsure"],
  ["nbf in an hour", { ...visitor, nbf: now + hour / 2 }, "cant-say", "token.nbf.future", "unsure"],
  ["iat in milliseconds", { ...visitor, iat: now * 1000 }, "cant-say", "messaging.iat.milliseconds", "unsure"],
  ["email_verified a text", { ...visitor, email: "mina@example.com", email_verified: "true" }, "cant-say", "messaging.email_verified.type", "unsure"],
  ["email_verified a number", { ...visitor, email: "mina@example.com", email_verified: 1 }, "cant-say", "messaging.email_verified.type", "unsure"],
  ["email not said to be verified", { ...visitor, email: "mina@example.com" }, "accept", "messaging.email_verified.not-true", "unsure"],
  ["email_verified without email", { ...visitor, email_verified: true }, "accept", "messaging.email_verified.alone", "unsure"],
  ["email a list", { ...visitor, email: ["mina@example.com"], email_verified: true }, "cant-say", "messaging.email.type", "unsure"],
  ["email without a host", { ...visitor, email: "mina", email_verified: true }, "cant-say", "messaging.email.shape", "unsure"],
  ["email of 140 characters", { ...visitor, email: "a".repeat(128) + "@example.com", email_verified: true }, "cant-say", "messaging.email.long", "unsure"],
  ["name a number", { ...visitor, name: 7 }, "cant-say", "messaging.name.type", "unsure"],
  ["Scope", { ...without(visitor, "scope"), Scope: "user" }, "refuse", "messaging.scope.missing", "failed"],
  ["Exp", { ...without(visitor, "exp"), Exp: now + hour }, "cant-say", "token.claim.case", "unsure"],
  ["external_id twice", `{"scope":"user","external_id":"a","external_id":"b"}`, "cant-say", "token.payload.duplicate", "unsure"],
  ["scope twice", `{"scope":"app","scope":"user","external_id":"a"}`, "cant-say", "token.payload.duplicate", "unsure"],
  ["nested deep", `{"scope":"user","external_id":"a","x":${"[".repeat(500)}${"]".repeat(500)}}`, "cant-say", "token.payload.nested", "unsure"],
]) await messaging(name, claims, verdict, code, outcome);

// kid and algorithm.
const head = (name, h, secret, verdict, code, outcome) => row(`header: ${name}`, h, visitor, secret, "messaging", verdict, code, outcome);
await head("no kid", header(), web.secret, "refuse", "messaging.kid.missing", "failed");
await row("header: kid in the payload", header(), { ...visitor, kid: web.kid }, web.secret, "messaging", "refuse", "messaging.kid.in-payload", "failed");
await head("a kid that is not kept", header("app_999999999999999999999999"), "x".repeat(40), "cant-say", "messaging.kid.unknown", "unsure");
await head("a kid of an account key", header("act_999999999999999999999999"), "x".repeat(40), "cant-say", "messaging.kid.prefix", "unsure");
await head("a kid of a service account", header("svc_999999999999999999999999"), "x".repeat(40), "cant-say", "messaging.kid.prefix", "unsure");
await head("a kid of an integration", header("int_999999999999999999999999"), "x".repeat(40), "cant-say", "messaging.kid.prefix", "unsure");
await head("a name as kid", header("web 2026"), "x".repeat(40), "cant-say", "messaging.kid.shape", "unsure");
await head("a deleted key's kid", header(keys.old.kid), keys.old.secret, "refuse", "messaging.kid.retired", "failed");
await head("HS384", header(web.kid, { alg: "HS384" }), web.secret, "cant-say", "token.alg.hmac", "unsure");
await head("HS512", header(web.kid, { alg: "HS512" }), web.secret, "cant-say", "token.alg.hmac", "unsure");
await head("typ of an access token", header(web.kid, { typ: "at+jwt" }), web.secret, "cant-say", "token.typ.other", "unsure");
rows.push({
  name: "header: no typ, as jose makes it by itself", kind: "messaging", verdict: "cant-say", code: "token.typ.missing", outcome: "unsure",
  paste: await new SignJWT(visitor).setProtectedHeader({ alg: "HS256", kid: web.kid }).sign(bytes(web.secret)),
});
rows.push({ name: "header: alg none (jose)", kind: "messaging", verdict: "refuse", code: "token.alg.none", outcome: "failed", paste: new UnsecuredJWT(visitor).encode() });
rows.push({
  name: "header: alg none (jsonwebtoken)", kind: "messaging", verdict: "refuse", code: "token.alg.none", outcome: "failed",
  paste: jsonwebtoken.sign(visitor, null, { algorithm: "none", header: { kid: web.kid }, noTimestamp: true }),
});
for (const alg of ["RS256", "PS256", "ES256"]) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  rows.push({
    name: `header: ${alg}`, kind: "messaging", verdict: "refuse", code: "token.alg.asymmetric", outcome: "failed",
    paste: await new SignJWT(visitor).setProtectedHeader(header(web.kid, { alg })).sign(privateKey),
  });
}

// Who signed.
const by = (name, kid, secret, verdict, code, outcome) => row(`signature: ${name}`, header(kid), visitor, secret, "messaging", verdict, code, outcome);
await by("a stranger's secret", web.kid, "x".repeat(40), "refuse", "token.signature.wrong", "failed");
await by("another key of the account", web.kid, keys.spare.secret, "refuse", "token.signature.other-key", "failed");
await by("a brand's key", web.kid, keys.brand.secret, "refuse", "token.signature.other-brand", "failed");
await by("another account's key", web.kid, keys.sandbox.secret, "refuse", "token.signature.other-account", "failed");
await by("a kept key under an unknown kid", "app_999999999999999999999999", web.secret, "refuse", "token.signature.other-kid", "failed");
await by("the Chat secret", web.kid, chat.secret, "refuse", "token.signature.chat-key", "failed");
await by("the Login secret", web.kid, login.secret, "refuse", "token.signature.xsolla-key", "failed");
await by("the secret decoded as base64url", web.kid, Buffer.from(web.secret, "base64url"), "refuse", "token.signature.decoded", "failed");
await by("the secret decoded as base64", keys.standard.kid, Buffer.from(keys.standard.secret, "base64"), "refuse", "token.signature.decoded", "failed");
await by("the secret encoded as base64", web.kid, Buffer.from(web.secret).toString("base64"), "refuse", "token.signature.encoded", "failed");
await by("a line feed behind the secret", web.kid, web.secret + "\n", "refuse", "token.signature.secret-space", "failed");
await by("a blank before the secret", web.kid, " " + web.secret, "refuse", "token.signature.secret-space", "failed");
await by("quotes around the secret", web.kid, `"${web.secret}"`, "refuse", "token.signature.secret-quotes", "failed");
await by("the key id as secret", web.kid, web.kid, "refuse", "token.signature.kid-as-secret", "failed");

// Zendesk Chat: no kid; iat; exp at most seven minutes later; a clock may be
// two minutes wrong.
const guest = { name: "Mina", email: "mina@example.com", external_id: "user-123456", iat: now, exp: now + 5 * minute };
const inChat = (name, claims, verdict, code, outcome) => row(`chat: ${name}`, header(), claims, chat.secret, "chat", verdict, code, outcome);
for (const [name, claims, verdict, code, outcome] of [
  ["as the page has it", guest, "accept", "token.signature.ok", "passed"],
  ["seven minutes", { ...guest, exp: now + 7 * minute }, "accept", "chat.exp.ok", "passed"],
  ["two minutes fast", { ...guest, iat: now + 2 * minute }, "accept", "chat.iat.ok", "passed"],
  ["two minutes slow", { ...guest, iat: now - 2 * minute }, "accept", "chat.iat.ok", "passed"],
  ["without exp, as in the page's samples", without(guest, "exp"), "cant-say", "chat.exp.missing", "unsure"],
  ["seven minutes and a second", { ...guest, exp: now + 7 * minute + 1 }, "refuse", "chat.exp.too-long", "failed"],
  ["an hour", { ...guest, exp: now + hour }, "refuse", "chat.exp.too-long", "failed"],
  ["over", { ...guest, iat: now - minute, exp: now - 1 }, "refuse", "chat.exp.past", "failed"],
  ["exp a text", { ...guest, exp: String(now + minute) }, "refuse", "chat.exp.text", "failed"],
  ["exp in milliseconds", { ...guest, exp: (now + minute) * 1000 }, "refuse", "chat.exp.milliseconds", "failed"],
  ["no iat", without(guest, "iat"), "refuse", "chat.iat.missing", "failed"],
  ["Date.now()", { ...without(guest, "exp"), iat: now * 1000 }, "refuse", "chat.iat.milliseconds", "failed"],
  ["iat a text", { ...guest, iat: String(now) }, "refuse", "chat.iat.text", "failed"],
  ["two minutes and a second fast", { ...guest, iat: now + 2 * minute + 1 }, "refuse", "chat.iat.future", "failed"],
  ["three minutes old", { ...guest, iat: now - 3 * minute, exp: now + 2 * minute }, "cant-say", "chat.iat.aging", "unsure"],
  ["an hour old, without exp", { ...without(guest, "exp"), iat: now - hour }, "refuse", "chat.iat.old", "failed"],
  ["accents in the address", { ...guest, email: "renée@example.com" }, "refuse", "chat.email.ascii", "failed"],
  ["no address", without(guest, "email"), "cant-say", "chat.email.missing", "unsure"],
  ["no name", without(guest, "name"), "cant-say", "chat.name.missing", "unsure"],
  ["id a number", { ...guest, external_id: 123456 }, "refuse", "chat.external_id.type", "failed"],
  ["id empty", { ...guest, external_id: "" }, "refuse", "chat.external_id.empty", "failed"],
  ["no id", without(guest, "external_id"), "refuse", "chat.external_id.missing", "failed"],
  ["id of 300 characters, of which the pages say nothing", { ...guest, external_id: "a".repeat(300) }, "cant-say", "chat.external_id.long", "unsure"],
]) await inChat(name, claims, verdict, code, outcome);
await row("chat: a stranger's secret", header(), guest, "x".repeat(40), "chat", "cant-say", "token.signature.no-match", "unsure");

// What is pasted along.
const pasted = (name, code, wrap) => row(`paste: ${name}`, header(web.kid), visitor, web.secret, "messaging", "accept", code, "unsure", wrap);
await pasted("Authorization header", "token.paste.bearer", (t) => `Authorization: Bearer ${t}`);
await pasted("quotes", "token.paste.quotes", (t) => `"${t}"`);
await pasted("JSON", "token.paste.json", (t) => JSON.stringify({ token: t }, null, 2));
await pasted("an address", "token.paste.url", (t) => `https://shop.example/?token=${encodeURIComponent(t)}&x=1`);
await pasted("lines of 76", "token.paste.breaks", (t) => t.replace(/.{76}/g, "$&\r\n"));
await pasted("a zero width space", "token.paste.invisible", (t) => `\u200b${t}`);
await row("paste: in base64 instead of base64url", header(web.kid), { ...visitor, name: "???>>>~~~ÿÿÿ" }, web.secret, "messaging", "refuse", "token.base64.standard", "failed",
  (t) => t.split(".").map((p) => Buffer.from(p, "base64url").toString("base64").replaceAll("=", "")).join("."));
await row("paste: signature cut off", header(web.kid), visitor, web.secret, "messaging", "refuse", "token.signature.missing", "failed", (t) => t.slice(0, t.lastIndexOf(".")));
await row("paste: last characters lost", header(web.kid), visitor, web.secret, "messaging", "refuse", "token.signature.length", "failed", (t) => t.slice(0, -4));

// Other tokens.
await row("other: single sign-on", header(), { iat: now, jti: "1", email: "a@example.com", name: "A" }, "x".repeat(40), "sso", "cant-say", "token.kind.sso", "unsure");
await row("other: answer to the Support SDK", header(), { iat: now, jti: "1", email: "a@example.com", name: "A" }, "x".repeat(40), "support-sdk", "cant-say", "token.kind.support-sdk", "unsure", (t) => JSON.stringify({ jwt: t }));
await row("other: the Conversations API", header(web.kid), { scope: "app" }, web.secret, "conversations-api", "cant-say", "token.kind.conversations-api", "unsure");
await row("other: OpenID", header(), { iss: "https://id.example", sub: "1", aud: "x", exp: now + hour }, "x".repeat(40), "other", "cant-say", "token.kind.other", "unsure");

// Xsolla Login: iss, project, sub and exp; HS256 by the project's secret.
const user = {
  iss: "https://login.xsolla.com", sub: "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f", xsolla_login_project_id: project, email: "mina@example.com",
  type: "xsolla_login", groups: [{ id: 1, name: "default", is_default: true }], iat: now - minute, exp: now + day,
};
const signIn = (name, claims, secret, verdict, code, outcome) => row(`login: ${name}`, header(), claims, secret, "xsolla-user", verdict, code, outcome);
await signIn("as documented", user, login.secret, "accept", "login.signature.ok", "passed");
await signIn("without an address", without(user, "email"), login.secret, "accept", "login.no-email", "unsure");
await signIn("another secret", user, "x".repeat(40), "refuse", "login.signature", "failed");
await signIn("another issuer", { ...user, iss: "https://login.example" }, login.secret, "refuse", "login.issuer", "failed");
await signIn("expired", { ...user, exp: now - hour }, login.secret, "refuse", "login.expired", "failed");
await signIn("without exp", without(user, "exp"), login.secret, "refuse", "login.no-exp", "failed");
await signIn("not yet", { ...user, nbf: now + hour }, login.secret, "refuse", "login.not-yet", "failed");
await signIn("sub a number", { ...user, sub: 1 }, login.secret, "refuse", "login.no-sub", "failed");
await signIn("sub twice", JSON.stringify(user).replace("{", '{"sub":"admin",'), login.secret, "refuse", "login.malformed", "failed");
await signIn("another project, none of its keys is kept", { ...user, xsolla_login_project_id: "00000000-0000-0000-0000-000000000000" }, "x".repeat(40), "cant-say", "login.unkept", "unsure");
await row("login: HS512", header(undefined, { alg: "HS512" }), user, login.secret, "xsolla-user", "refuse", "login.algorithm", "failed");

process.stdout.write(JSON.stringify(rows));
