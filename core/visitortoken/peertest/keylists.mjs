// Makes an RS256 project of Xsolla Login after a rotation, and tokens of it:
// reads {now, project} from its standard input and writes
// [{list, pastes: [{name, paste, code}]}], one for each way to write a key list.
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { text } from "node:stream/consumers";

const { now, project } = JSON.parse(await text(process.stdin));
const user = {
  iss: "https://login.xsolla.com", sub: "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f", xsolla_login_project_id: project,
  email: "mina@example.com", iat: now - 60, exp: now + 86400,
};
const pairs = [await generateKeyPair("RS256", { extractable: true }), await generateKeyPair("RS256", { extractable: true })];
const jwks = [];
for (const [i, p] of pairs.entries()) jwks.push({ ...(await exportJWK(p.publicKey)), kid: `key-${i}`, use: "sig", alg: "RS256" });
const hex = (s) => Buffer.from(s, "base64url").toString("hex").replace(/^0+/, "");
const sign = (kid, key) => new SignJWT(user).setProtectedHeader({ alg: "RS256", typ: "JWT", kid }).sign(key);
const pastes = [
  { name: "the first key", paste: await sign("key-0", pairs[0].privateKey), code: "" },
  { name: "the second key", paste: await sign("key-1", pairs[1].privateKey), code: "" },
  { name: "the second key by the first one's name", paste: await sign("key-0", pairs[1].privateKey), code: "login.signature" },
  { name: "a key that is not listed", paste: await sign("key-2", pairs[1].privateKey), code: "login.kid" },
];
process.stdout.write(JSON.stringify([
  { list: JSON.stringify(jwks.map((k) => ({ ...k, n: hex(k.n), e: hex(k.e) }))), pastes },
  { list: JSON.stringify({ keys: jwks }), pastes },
]));
