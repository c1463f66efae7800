// Drives the double of a Salesforce org with jsforce, and prints what it made
// of the answers.
import { createRequire } from 'node:module'

const jsforce = createRequire(import.meta.url)('jsforce')
const { login, instance, clientId, clientSecret, redirect, code, verifier, nonce, mailbox } = JSON.parse(process.argv[2])

async function tell(call) {
  try {
    return await call()
  } catch (error) {
    return { error: error.errorCode ?? error.name, message: String(error.message).slice(0, 200) }
  }
}

const out = {}
const oauth2 = new jsforce.OAuth2({ loginUrl: login, clientId, clientSecret, redirectUri: redirect })
const conn = new jsforce.Connection({ oauth2, version: '62.0' })
let refreshed = 0
conn.on('refresh', () => { refreshed++ })

out.authorized = await tell(async () => { await conn.authorize(code, { code_verifier: verifier }); return { instance: conn.instanceUrl, refresh: Boolean(conn.refreshToken) } })
out['code again'] = await tell(() => new jsforce.Connection({ oauth2, version: '62.0' }).authorize(code, { code_verifier: verifier }))
out.identity = await tell(async () => { const r = await conn.request(instance + '/services/oauth2/userinfo'); return { username: r.preferred_username, email: r.email } })
out.limits = await tell(async () => (await conn.limits()).DailyApiRequests)
out.wide = await tell(async () => (await conn.query('SELECT Id, Address, IsVerified, Purpose FROM OrgWideEmailAddress')).records.map((r) => r.Address))
out.routes = await tell(async () => (await conn.query('SELECT Id, Address, EmailServicesAddressId FROM EmailRoutingAddress')).records.map((r) => r.Address))
out.ordered = await tell(async () => (await conn.query('SELECT Address FROM OrgWideEmailAddress ORDER BY Address DESC LIMIT 1')).records.map((r) => r.Address))
out.pages = await tell(async () => (await conn.query('SELECT Id, CaseNumber FROM Case', { autoFetch: true, maxFetch: 100 })).records.map((r) => r.CaseNumber))
out.mails = await tell(async () => (await conn.sobject('EmailMessage').find({ Incoming: true, Subject: { $like: '%' + nonce + '%' } }, ['Id', 'ParentId', 'Subject']).execute()).map((r) => r.Subject))
out['no such field'] = await tell(() => conn.query('SELECT Id, Nonsense FROM Case'))
out['no such object'] = await tell(() => conn.query('SELECT Id FROM Nonsense'))
out['no query'] = await tell(() => conn.query('GIVE ME Case'))
out.settings = await tell(async () => { const s = await conn.metadata.read('CaseSettings', 'Case'); const r = [s.emailToCase.routingAddresses].flat(); return { name: s.fullName, on: String(s.emailToCase.enableEmailToCase), address: r[0].emailAddress, verified: String(r[0].isVerified) } })

const bare = new jsforce.Connection({ instanceUrl: instance, accessToken: 'not-a-session', version: '62.0' })
out['no session'] = await tell(() => bare.query('SELECT Id FROM Case'))
out['no session by SOAP'] = await tell(() => bare.metadata.read('CaseSettings', 'Case'))

// A session that ended: jsforce refreshes by itself, and takes the rotated token.
const before = conn.refreshToken
const stale = new jsforce.Connection({ oauth2, instanceUrl: instance, accessToken: 'ended', refreshToken: before, version: '62.0' })
stale.on('refresh', (token, res) => { refreshed++; out.rotated = Boolean(res?.refresh_token) && res.refresh_token !== before })
out.renewed = await tell(async () => (await stale.query('SELECT Id FROM OrgWideEmailAddress')).totalSize)
out.refreshed = refreshed
out['old token'] = await tell(() => oauth2.refreshToken(before))

const machine = new jsforce.OAuth2({ loginUrl: instance, clientId, clientSecret })
out.machine = await tell(async () => Boolean((await machine.requestToken({ grant_type: 'client_credentials' })).access_token))
out['wrong domain'] = await tell(() => new jsforce.OAuth2({ loginUrl: login, clientId, clientSecret }).requestToken({ grant_type: 'client_credentials' }))
out['wrong secret'] = await tell(() => new jsforce.OAuth2({ loginUrl: instance, clientId, clientSecret: 'x' }).requestToken({ grant_type: 'client_credentials' }))
console.log(JSON.stringify({ ...out, mailbox }))
process.exit(0)
