// An OpenID-certified authorization server for the tests of core/consent:
// panva's oidc-provider with its own development pages for login and consent.
//
//   node server.mjs ISSUER
//
// It listens on a free port of 127.0.0.1, names itself ISSUER (a proxy in front
// of it), prints "ready PORT", and ends when its standard input does.

import http from 'node:http';
import process from 'node:process';
import Provider from 'oidc-provider';

const [issuer] = process.argv.slice(2);

// Tests move this clock to see a code run out.
let ahead = 0;
const now = Date.now;
Date.now = () => now() + ahead * 1000;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'deskward',
    client_secret: 'canary-client-secret',
    application_type: 'native', // any loopback port, RFC 8252 section 7.3
    redirect_uris: ['http://127.0.0.1/callback/oauth2'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
  }, {
    client_id: 'deskward-public',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1/callback/oauth2'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }],
  claims: { openid: ['sub'], email: ['email'] },
  scopes: ['openid', 'offline_access', 'email'],
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@acme.example` }) }),
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: { AuthorizationCode: 60, AccessToken: 3600, RefreshToken: 86400, Session: 86400, Grant: 86400, Interaction: 600, IdToken: 3600, DeviceCode: 600 },
  cookies: { keys: ['not a secret: a test'] },
});

const answer = provider.callback();
const server = http.createServer((req, res) => {
  const url = new URL(req.url, issuer);
  if (url.pathname === '/test/forward') {
    ahead += Number(url.searchParams.get('seconds'));
    res.end();
    return;
  }
  answer(req, res);
});
server.listen(0, '127.0.0.1', () => console.log(`ready ${server.address().port}`));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
