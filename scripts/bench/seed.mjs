import { memoryStore } from '@portcullis/core'
import { openGate } from './gate.mjs'

/** @typedef {import('@portcullis/core').Store} Store */
/** @typedef {import('@portcullis/core').Write} Write */

const TOKENS_AN_ACCOUNT = 10
const ACCOUNTS_A_STEP = 100
const WRITES_A_COMMIT = 500
/** Tokens issued over these days, of lifetimes from hours to weeks: some have expired, all are still listed. */
const ISSUED_OVER_MS = 6 * 86_400_000
const LIFETIMES_SECONDS = [3_600, 86_400, 7 * 86_400, 30 * 86_400]

/** An account with one in a hundred of all tokens. */
export const busyAccount = 'busy@example.test'

/** @param {number} account from 0, the one that was issued its tokens first */
export function accountName(account) {
  return `user${account}@example.test`
}

/**
 * Fills a store with tokens, ten an account, and `busyAccount` besides. They are what `gate.tokens.issue` writes, taken
 * from a gate whose store holds the writes back until they fill large batches. Only the audit log has no part of it:
 * each entry depends on the one before, which makes issuing one after the other slow.
 *
 * @param {Store} store
 * @param {import('./gate.mjs').Secrets} secrets
 * @param {number} tokens
 * @returns {Promise<number>} how many accounts there are
 */
export async function seedTokens(store, secrets, tokens) {
  const beginAt = Date.now() - ISSUED_OVER_MS
  let issued = 0
  const held = holdWrites()
  const gate = await openGate(held.store, secrets, {
    clock: () => beginAt + Math.floor((issued / tokens) * ISSUED_OVER_MS),
  })
  const busyTokens = Math.floor(tokens / 100)
  const accounts = Math.ceil((tokens - busyTokens) / TOKENS_AN_ACCOUNT)

  /** @param {string} account */
  const issueOne = async (account) => {
    issued += 1
    const lifetimeSeconds = LIFETIMES_SECONDS[issued % LIFETIMES_SECONDS.length] ?? 3_600
    const outcome = await gate.tokens.issue({ account, name: `laptop ${issued}`, lifetimeSeconds })
    if (!outcome.ok) throw new Error(`no token was issued: ${outcome.denial.code}`)
  }

  let written = Promise.resolve()
  for (let account = 0; account < accounts; account += ACCOUNTS_A_STEP) {
    const names = Array.from({ length: Math.min(ACCOUNTS_A_STEP, accounts - account) }, (_, index) =>
      accountName(account + index),
    )
    const busyUntil = Math.floor((busyTokens * (account + names.length)) / accounts)
    const busyFrom = Math.floor((busyTokens * account) / accounts)
    const step = [
      ...names.flatMap((name) => Array.from({ length: TOKENS_AN_ACCOUNT }, () => name)),
      ...Array.from({ length: busyUntil - busyFrom }, () => busyAccount),
    ]
    await Promise.all(step.map(issueOne))
    // The next tokens are signed while these are written.
    await written
    written = writeAll(store, held.take())
  }
  await written
  await gate.close()
  return accounts
}

/** A store that holds back what is written to accounts and to the lists across them. */
function holdWrites() {
  const own = memoryStore()
  /** @type {Map<string, Write[]>} */
  let held = new Map()
  /** @type {Store} */
  const store = {
    ...own,
    read: (partition, keys) =>
      partition === 'gate' ? own.read(partition, keys) : Promise.resolve(keys.map(() => undefined)),
    async commit(partition, batch) {
      if (partition === 'gate') return own.commit(partition, batch)
      if (partition !== 'audit') held.set(partition, [...(held.get(partition) ?? []), ...batch.writes])
      return { committed: true, totals: [], repeated: false }
    },
  }
  return {
    store,
    take() {
      const taken = held
      held = new Map()
      return taken
    },
  }
}

/**
 * @param {Store} store
 * @param {ReadonlyMap<string, readonly Write[]>} held
 */
async function writeAll(store, held) {
  const commits = []
  for (const [partition, writes] of held)
    for (let first = 0; first < writes.length; first += WRITES_A_COMMIT)
      commits.push(
        store.commit(partition, { quiet: true, writes: writes.slice(first, first + WRITES_A_COMMIT) }),
      )
  await Promise.all(commits)
}
