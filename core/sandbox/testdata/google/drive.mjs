// Drives the double of Google with Google's own clients (google-auth-library
// and the Gmail API's), and prints what they made of the answers.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { gmail } = require('@googleapis/gmail')
const { OAuth2Client, JWT } = createRequire(require.resolve('@googleapis/gmail'))('google-auth-library')
const { Gaxios } = createRequire(createRequire(require.resolve('@googleapis/gmail')).resolve('google-auth-library'))('gaxios')

const { accounts, oauth2, rootUrl, desktop, off, web, serviceKey, mailbox, other, scope } = JSON.parse(process.argv[2])

// The person: opens the page, chooses, agrees to the boxes that are left.
async function agree(url, account, boxes) {
  const page = await (await fetch(url, { redirect: 'manual' })).text()
  const field = (name) => page.match(new RegExp(`name="${name}" value="([^"]*)"`))?.[1]
  if (!field('request')) return { page: page.match(/<title>([^<]*)</)?.[1] }
  const action = page.match(/action="([^"]*)"/)[1]
  const form = new URLSearchParams({ request: field('request'), portal: account, answer: 'allow' })
  for (const m of page.matchAll(/name="granted" value="([^"]*)"/g)) if (!boxes || boxes.includes(m[1])) form.append('granted', m[1])
  const answer = await fetch(new URL(action, url), { method: 'POST', body: form, redirect: 'manual' })
  const to = answer.headers.get('location')
  if (!to) return { page: (await answer.text()).match(/<title>([^<]*)</)?.[1] }
  return Object.fromEntries(new URL(to).searchParams)
}

async function tell(call) {
  try {
    return await call()
  } catch (error) {
    const data = error.response?.data ?? error.cause
    if (!error.response) return { thrown: String(error) }
    return { status: error.response.status, error: data.error?.status ?? data.error, description: data.error_description, reason: data.error?.errors?.[0]?.reason }
  }
}

const client = (c, redirectUri) =>
  new OAuth2Client({
    clientId: c.id, clientSecret: c.secret, redirectUri,
    endpoints: { oauth2AuthBaseUrl: accounts + '/o/oauth2/v2/auth', oauth2TokenUrl: oauth2 + '/token', oauth2RevokeUrl: oauth2 + '/revoke', tokenInfoUrl: oauth2 + '/tokeninfo' },
  })
const loopback = 'http://127.0.0.1:53999/any/path'
const api = (auth) => gmail({ version: 'v1', auth, rootUrl: rootUrl + '/' })

const out = {}

const mine = client(desktop, loopback)
const { codeVerifier, codeChallenge } = await mine.generateCodeVerifierAsync()
const ask = { access_type: 'offline', prompt: 'consent', scope, login_hint: mailbox, state: 's', code_challenge: codeChallenge, code_challenge_method: 'S256' }
const answer = await agree(mine.generateAuthUrl({ ...ask }), mailbox)
out['wrong verifier'] = await tell(() => mine.getToken({ code: answer.code, codeVerifier: 'x'.repeat(43) }))
const once = await agree(mine.generateAuthUrl({ ...ask }), mailbox)
const { tokens } = await mine.getToken({ code: once.code, codeVerifier })
mine.setCredentials(tokens)
out.tokens = { scope: tokens.scope, refresh: Boolean(tokens.refresh_token), type: tokens.token_type, lives: tokens.expiry_date > Date.now() }
out['code again'] = await tell(() => mine.getToken({ code: once.code, codeVerifier }))
out.profile = await tell(async () => (await api(mine).users.getProfile({ userId: 'me' })).data)
out.labels = await tell(async () => (await api(mine).users.labels.list({ userId: 'me' })).data.labels.map((l) => l.name))
out['another mailbox'] = await tell(() => api(mine).users.getProfile({ userId: other }))
out.info = await tell(() => mine.getTokenInfo(tokens.access_token))
mine.setCredentials({ refresh_token: tokens.refresh_token })
out.refreshed = await tell(async () => Boolean((await mine.getAccessToken()).token))
out['no tester'] = await agree(mine.generateAuthUrl({ ...ask }), other)

const site = client(web, 'https://acme.connect.example/callback')
const { access_type, ...online } = ask
delete online.code_challenge
delete online.code_challenge_method
out['web, online'] = Boolean((await site.getToken((await agree(site.generateAuthUrl({ ...online }), mailbox)).code)).tokens.refresh_token)
const silent = { ...online, access_type, prompt: 'select_account' }
out['web, offline again, no prompt'] = Boolean((await site.getToken((await agree(site.generateAuthUrl({ ...silent }), mailbox)).code)).tokens.refresh_token)
out['web, consent'] = Boolean((await site.getToken((await agree(site.generateAuthUrl({ ...silent, prompt: 'consent' }), mailbox)).code)).tokens.refresh_token)
out['web, another redirect'] = await agree(client(web, loopback).generateAuthUrl({ ...ask }), mailbox)

const dark = client(off, loopback)
dark.setCredentials((await dark.getToken((await agree(dark.generateAuthUrl({ ...online, access_type }), mailbox)).code)).tokens)
out['API off'] = await tell(() => api(dark).users.labels.list({ userId: 'me' }))

// The JWT client's address of the token endpoint is fixed: only its
// connection goes elsewhere.
const elsewhere = new Gaxios({ fetchImplementation: (url, init) => fetch(String(url).replace('https://oauth2.googleapis.com', oauth2), init) })
const robot = (subject, scopes = [scope]) =>
  new JWT({ email: serviceKey.client_email, key: serviceKey.private_key, keyId: serviceKey.private_key_id, scopes, subject, transporter: elsewhere })
out['robot for a mailbox'] = await tell(async () => (await api(robot(mailbox)).users.getProfile({ userId: 'me' })).data)
out['robot for nobody'] = await tell(() => api(robot(undefined)).users.labels.list({ userId: 'me' }))
out['robot for a stranger'] = await tell(() => robot('nobody@acme.example').authorize())
out['robot, another scope'] = await tell(() => robot(mailbox, [scope, 'https://www.googleapis.com/auth/gmail.send']).authorize())

await mine.revokeToken(tokens.refresh_token)
out['revoked'] = await tell(() => mine.refreshAccessToken())
process.stdout.write(JSON.stringify(out))
