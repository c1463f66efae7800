// Drives the double of the Conversations API with Zendesk's own client, and
// prints what it made of the answers.
import { createRequire } from 'node:module'
import { createHmac } from 'node:crypto'

const vendor = createRequire(import.meta.url)('sunshine-conversations-client')
const { base, app, appKey, accountKey, visitor, gone } = JSON.parse(process.argv[2])

// A client of its own for each key: the package has one that all share.
function client(key, how) {
  const c = new vendor.ApiClient()
  c.basePath = base
  if (how === 'jwt') {
    const part = (v) => Buffer.from(JSON.stringify(v)).toString('base64url')
    const head = part({ alg: 'HS256', typ: 'JWT', kid: key.id }) + '.' + part({ scope: key.scope })
    c.authentications.bearerAuth.accessToken = head + '.' + createHmac('sha256', key.secret).update(head).digest('base64url')
  } else {
    c.authentications.basicAuth.username = key.id
    c.authentications.basicAuth.password = key.secret
  }
  return c
}

async function tell(call) {
  try {
    return await call()
  } catch (error) {
    const body = error.body ?? error.response?.body
    return { status: error.status, code: body?.errors?.[0]?.code, title: body?.errors?.[0]?.title }
  }
}

const out = {}
for (const how of ['basic', 'jwt']) {
  out['app by ' + how] = await tell(async () => (await new vendor.AppsApi(client(appKey, how)).getApp(app)).app)
}
out['wrong secret'] = await tell(() => new vendor.AppsApi(client({ ...appKey, secret: 'x' })).getApp(app))
out['keys with an app key'] = await tell(() => new vendor.AppKeysApi(client(appKey)).listAppKeys(app))

const users = new vendor.UsersApi(client(appKey))
out.user = await tell(async () => (await users.getUser(app, visitor)).user)
out['no user'] = await tell(() => users.getUser(app, 'nobody/at|all'))
out['deleted user'] = await tell(() => users.deleteUser(app, gone))
out['deleted user again'] = await tell(() => users.deleteUser(app, gone))

const keys = new vendor.AppKeysApi(client(accountKey, 'jwt'))
const body = (displayName) => Object.assign(new vendor.AppKeyCreateBody(), { displayName })
out.apps = await tell(async () => (await new vendor.AppsApi(client(accountKey)).listApps({})).apps.map((a) => a.id))
const made = await tell(async () => (await keys.createAppKey(app, body('made by the vendor\u2019s client'))).key)
out.made = { id: made.id, displayName: made.displayName, secret: typeof made.secret === 'string' && made.secret.length }
out.found = await tell(async () => (await keys.getAppKey(app, made.id)).key.secret === made.secret)
out.listed = await tell(async () => (await keys.listAppKeys(app)).keys.every((k) => k.id && k.displayName && k.secret))
out.deleted = await tell(() => keys.deleteAppKey(app, made.id))
out['deleted again'] = await tell(() => keys.getAppKey(app, made.id))
out['a name too long'] = await tell(() => keys.createAppKey(app, body('x'.repeat(101))))
for (let i = 0; i < 9; i++) await keys.createAppKey(app, body('filler'))
out['one too many'] = await tell(() => keys.createAppKey(app, body('one too many')))
console.log(JSON.stringify(out))
