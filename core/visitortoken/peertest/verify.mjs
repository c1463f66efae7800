// Verifies tokens with two JWT libraries: reads [{token, secret, now}] from its
// standard input and writes what each library makes of each,
// [{jose: {header, payload}, jsonwebtoken: {header, payload}}] or {error}.
import { jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { text } from "node:stream/consumers";

const out = [];
for (const { token, secret, now } of JSON.parse(await text(process.stdin))) {
  const entry = {};
  try {
    const { protectedHeader: header, payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ["HS256"], typ: "JWT", currentDate: new Date(now * 1000),
    });
    entry.jose = { header, payload };
  } catch (e) {
    entry.jose = { error: String(e) };
  }
  try {
    entry.jsonwebtoken = jsonwebtoken.verify(token, secret, { algorithms: ["HS256"], clockTimestamp: now, complete: true });
  } catch (e) {
    entry.jsonwebtoken = { error: String(e) };
  }
  out.push(entry);
}
process.stdout.write(JSON.stringify(out));
