// Replays what the real Zendesk Support answered when the makers of
// @grouparoo/zendesk recorded it (2021): its bodies, statuses and headers, as
// that package keeps them. It serves what is recorded and makes up nothing: a
// question that nobody recorded is answered with 501.
//
// usage: node replay.mjs; prints the address, and ends with standard input.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const kept = join(dirname(createRequire(import.meta.url).resolve('@grouparoo/zendesk/package.json')), '__tests__/fixtures/export-profile.js')

// The recording is a program that tells nock each answer; this stands in for
// nock and only writes down.
const recorded = new Map()
function nock() {
  const one = {}
  const told = {
    query: (q) => ((one.query = q), told),
    once: () => told,
    reply: (status, body, headers) => {
      const query = Object.entries(one.query ?? {}).map(([name, v]) => name + '=' + decodeURIComponent(v)).join('&')
      const key = one.method + ' ' + one.path + '?' + query
      const empty = Array.isArray(body?.users) && body.users.length === 0
      // The same was asked before and after somebody was made: the first answer
      // that names somebody counts.
      if (!recorded.has(key) || (recorded.get(key).empty && !empty)) recorded.set(key, { status, body, headers, empty })
    },
  }
  for (const method of ['get', 'post', 'put', 'delete']) {
    told[method] = (path) => ((one.method = method.toUpperCase()), (one.path = path), told)
  }
  return told
}
new Function('require', readFileSync(kept, 'utf8'))(() => nock)

const server = createServer((req, res) => {
  const url = new URL(req.url, 'http://localhost')
  // The recorded searches are for bare addresses; the word that says which
  // field is meant is taken away.
  const query = [...url.searchParams].map(([name, v]) => name + '=' + v.replace(/^email:"(.*)"$/, '$1')).join('&')
  const answer = recorded.get(req.method + ' ' + url.pathname + '?' + query)
  if (!answer) {
    res.writeHead(501).end('not recorded')
    return
  }
  for (let i = 0; i < answer.headers.length; i += 2) {
    if (!/^(transfer-encoding|connection|content-(length|encoding))$/i.test(answer.headers[i])) res.appendHeader(answer.headers[i], answer.headers[i + 1])
  }
  res.writeHead(answer.status).end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.stdin.on('end', () => process.exit()).resume()
