import { setTimeout as sleep } from 'node:timers/promises'
import { redisStore } from '@portcullis/core/redis'
import { say } from '../../workspace/run.mjs'
import { startObserving } from '../disturbance.mjs'
import { admin, createSecrets, issue, openGate, openRedisStore, publicUrl } from '../gate.mjs'
import { timed } from '../measure.mjs'
import { startRedis } from '../processes.mjs'
import { format } from '../report.mjs'
import { accountName, busyAccount, seedTokens } from '../seed.mjs'

const PAGE = 50
const TIMES = 50
const IDLE_MS = 2_000
/** Past every deadline of what was seeded. */
const LATER_MS = 400 * 86_400_000

/** @typedef {import('../disturbance.mjs').Disturbance} Disturbance */
/** @typedef {import('../disturbance.mjs').Observe} Observe */
/** @typedef {import('../report.mjs').Row} Row */

/**
 * Lists, searches and revocations among many tokens, and what another client of the same Redis feels of them.
 *
 * @param {import('../settings.mjs').Settings} settings
 * @returns {Promise<Row[]>}
 */
export async function measureScale({ scale }) {
  const { url } = await startRedis()
  const secrets = createSecrets()
  const store = openRedisStore(url)
  const seeded = await timed(() => seedTokens(store, secrets, scale))
  await store.close()
  say(`seeded ${scale} tokens in ${format(seeded.ms / 1000)} s`)
  const accounts = seeded.result
  const gate = await openGate(openRedisStore(url), secrets)
  const { observe, release } = await startObserving(url)
  const idle = await observe(() => sleep(IDLE_MS))
  const rows = [
    ...(await measureLists(gate, observe)),
    ...(await measureSearch(gate, observe)),
    ...(await measureRevocations(gate, observe, accounts)),
  ]
  await gate.close()
  rows.push(await measureRemoval(url, observe, idle))
  await release()
  const kept = `${scale.toLocaleString('en')} tokens of ${accounts.toLocaleString('en')} accounts`
  return [
    {
      ...rowOf(`${kept} in Redis, idle for ${IDLE_MS / 1000} s: worst delay of another client`, idle, {
        value: idle.worstDelayMs,
      }),
      detail: 'what the machine itself adds to each delay below',
    },
    ...rows,
  ]
}

/**
 * @param {import('@portcullis/core').Gate} gate
 * @param {Observe} observe
 */
async function measureLists(gate, observe) {
  const { token } = await issue(gate, { account: admin, scopes: ['api', 'admin'] })
  const fetchPage = async () => {
    const request = new Request(`${publicUrl}/api/admin/tokens?limit=${PAGE}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const response = await gate.handle(request)
    if (response.status !== 200) throw new Error(`the list of all tokens answered ${response.status}`)
    return response.json()
  }
  // The first call loads the routes.
  await fetchPage()
  const list = await observe(() => gate.tokens.listAll({ limit: PAGE }), TIMES)
  const withSummary = await observe(fetchPage, TIMES)
  return [
    rowOf(`\`tokens.listAll\`, first page of ${PAGE}`, list, { atMost: 30 }),
    rowOf('`GET /api/admin/tokens`, the same page and the summary of all', withSummary, { atMost: 30 }),
  ]
}

/**
 * @param {import('@portcullis/core').Gate} gate
 * @param {Observe} observe
 */
async function measureSearch(gate, observe) {
  // Of the oldest tokens, so that the search has to pass all the others.
  const email = accountName(0)
  const once = await observe(() => gate.tokens.listAll({ limit: PAGE, email }), TIMES)
  let calls = 0
  const toTheEnd = await observe(async () => {
    let found = 0
    let cursor
    do {
      const page = await gate.tokens.listAll({ limit: PAGE, email, ...(cursor ? { cursor } : {}) })
      calls += 1
      found += page.items.length
      cursor = page.nextCursor
    } while (cursor !== undefined)
    if (found === 0) throw new Error('the search found nothing')
  })
  return [
    rowOf('`tokens.listAll` by e-mail, one call that finds nothing in the newest 1,000', once),
    rowOf(`\`tokens.listAll\` by e-mail to the end, in ${calls.toLocaleString('en')} calls`, toTheEnd),
  ]
}

/**
 * @param {import('@portcullis/core').Gate} gate
 * @param {Observe} observe
 * @param {number} accounts
 */
async function measureRevocations(gate, observe, accounts) {
  let next = Math.floor(accounts / 2)
  /** @param {string} account */
  const revokeAll = async (account) => {
    const revoked = await gate.tokens.revokeAll({ account, by: { service: 'bench' } })
    if (!revoked.ok) throw new Error(`not revoked: ${revoked.denial.code}`)
    return revoked.value.revokedCount
  }
  const small = await observe(() => revokeAll(accountName(next++)), TIMES)
  const busy = await observe(() => revokeAll(busyAccount))
  return [
    rowOf('`tokens.revokeAll` of an account with 10 tokens', small),
    rowOf(
      `\`tokens.revokeAll\` of an account with very many, ${Number(busy.result).toLocaleString('en')} of them good`,
      busy,
    ),
  ]
}

/**
 * There is no verb that removes what is past its deadline: each commit removes a few, and a count within a range all of
 * its own list. This is such a count, as the summary makes it, long after everything has ended.
 *
 * @param {string} url
 * @param {Observe} observe
 * @param {Disturbance} idle
 */
async function measureRemoval(url, observe, idle) {
  const clock = () => Date.now() + LATER_MS
  const store = redisStore({ url, commandTimeoutMs: 10_000, clock })
  const removal = await observe(() => store.count('directory', 'tokens-by-expiry', { to: clock() }))
  await store.close()
  const row = rowOf('removal of a list whose entries are all past their deadline', removal, {
    value: removal.worstDelayMs,
    atMost: 10,
  })
  return {
    ...row,
    unit: 'ms worst delay',
    detail: `took ${format(removal.ms)} ms; the longest command ${format(removal.longestCommandMs)} ms; worst delay while idle ${format(idle.worstDelayMs)} ms`,
  }
}

/**
 * @param {string} what
 * @param {Disturbance} disturbance
 * @param {{ value?: number, atMost?: number }} [judged]
 * @returns {Row}
 */
function rowOf(what, { ms, worstDelayMs, longestCommandMs }, { value = ms, ...target } = {}) {
  return {
    what,
    against: '–',
    value,
    unit: 'ms',
    ...target,
    detail: `others waited ${format(worstDelayMs)} ms at worst; the longest command took ${format(longestCommandMs)} ms`,
    figures: { ms, worstDelayMs, longestCommandMs },
  }
}
