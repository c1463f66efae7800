// Nodemailer's smtp-server with XOAUTH2: over TLS, with STARTTLS, without any
// TLS, and over TLS with a certificate that has expired. It asks an OAuth server
// of each token (RFC 7662), hands what mail it takes to that server too, prints
// its ports, and ends with its standard input.
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const [judge, folder] = process.argv.slice(2);
const scope = 'https://mail.google.com/';
const read = (name) => readFileSync(`${folder}/${name}`);

async function onAuth(auth, _session, done) {
  try {
    const answer = await fetch(`${judge}/introspect`, { method: 'POST', body: new URLSearchParams({ token: auth.accessToken }) });
    if (!answer.ok) {
      done(Object.assign(new Error('4.7.0 Temporary authentication failure'), { responseCode: 454 }));
      return;
    }
    const token = await answer.json();
    if (token.active && token.email === auth.username && token.scope.split(' ').includes(scope)) {
      done(null, { user: auth.username });
      return;
    }
    done(null, { data: { status: '401', schemes: 'Bearer', scope } });
  } catch (err) {
    done(err);
  }
}

function onData(stream, _session, done) {
  let text = '';
  stream.on('data', (part) => { text += part; });
  stream.on('end', () => fetch(`${judge}/taken`, { method: 'POST', body: text }).then(() => done(), done));
}

const common = { authMethods: ['XOAUTH2'], onAuth, onData, logger: false, disableReverseLookup: true };
const good = { key: read('good.key'), cert: read('good.pem') };
const servers = {
  tls: { ...common, ...good, secure: true },
  starttls: { ...common, ...good },
  plain: { ...common, disabledCommands: ['STARTTLS'], allowInsecureAuth: true },
  expired: { ...common, key: read('expired.key'), cert: read('expired.pem'), secure: true },
};
const ports = {};
for (const [name, options] of Object.entries(servers)) {
  const server = new SMTPServer(options);
  server.on('error', () => {}); // a client that goes away is what is tested
  await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
  ports[name] = server.server.address().port;
}
console.log(JSON.stringify(ports));
process.stdin.on('end', () => process.exit(0)).resume();
