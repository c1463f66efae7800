// Drives the double of Zendesk Support with node-zendesk, and prints what it
// made of the answers.
import { createRequire } from 'node:module'

const { createClient } = createRequire(import.meta.url)('node-zendesk')
const { base, email, apiToken, accessToken, narrow, user, external, ticket, several } = JSON.parse(process.argv[2])
const endpointUri = base + '/api/v2'

const byToken = createClient({ username: email, token: apiToken, endpointUri })
const byOAuth = createClient({ token: accessToken, oauth: true, endpointUri })
const byNarrow = createClient({ token: narrow, oauth: true, endpointUri })
const wrong = createClient({ username: email, token: 'wrong', endpointUri })

async function tell(call) {
  try {
    const answer = await call()
    return answer?.result ?? answer
  } catch (error) {
    // Of a single record's error it keeps the status alone, in its message.
    return { said: error.message, body: error.result }
  }
}

const out = {}
out['me by api token'] = await tell(() => byToken.users.me())
out['me by oauth'] = await tell(() => byOAuth.users.me())
out['me by a wrong token'] = await tell(() => wrong.users.me())
out.show = await tell(() => byOAuth.users.show(user))
out['show nobody'] = await tell(() => byOAuth.users.show(1))
out.search = await tell(() => byOAuth.users.search({ external_id: external }))
out['search by query'] = await tell(() => byToken.users.search({ query: 'dora double' }))
out['search in pages'] = await tell(() => byToken.users.search({ query: 'role:end-user', per_page: 3 }))
out.many = await tell(() => byOAuth.users.showMany(several))
out.tooMany = await tell(() => byOAuth.users.showMany(Array.from({ length: 101 }, (_, i) => i + 1)))
out.identities = await tell(() => byOAuth.useridentities.list(user))
out.tickets = await tell(() => byOAuth.tickets.listByUserRequested(user))
out.audits = await tell(() => byOAuth.tickets.exportAudit(ticket))
out['a scope too few'] = await tell(() => byNarrow.tickets.exportAudit(ticket))
out['no such thing'] = await tell(() => byOAuth.macros.list())
console.log(JSON.stringify(out))
