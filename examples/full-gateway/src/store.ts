import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PortcullisError, type Store } from '@portcullis/core'
import { lmdbStore } from '@portcullis/core/lmdb'
import { redisStore } from '@portcullis/core/redis'
import type { Logger } from 'pino'
import type { Settings } from './settings.js'

const ASKED_EVERY_MS = 500
const TOLD_EVERY_MS = 5000

/** The store of the settings; a Redis that is down now is connected to when it comes up. */
export function openStore({ store, dataDir, witnessDir }: Settings): Store {
  const kind = store.kind === 'embedded' ? 'embedded' : 'redis'
  const witness = witnessDir === undefined ? {} : { witness: { path: path.join(witnessDir, kind) } }
  switch (store.kind) {
    case 'embedded':
      return lmdbStore({ path: path.join(dataDir, 'store'), ...witness })
    case 'redis':
      return redisStore({ url: store.url, wait: store.wait, ...witness })
    case 'cluster':
      return redisStore({ cluster: store.urls, wait: store.wait, ...witness })
    case 'sentinels':
      return redisStore({ sentinels: { hosts: store.hosts, name: store.name }, wait: store.wait, ...witness })
  }
}

/**
 * Waits for a store that does not answer yet, as a Redis that starts beside the gateway, or that takes nothing though it is new,
 * as a full one, for `storeWaitSeconds` at most. Throws `configuration_invalid` that names where it is and why it does not answer;
 * at once when it refuses the credentials or the database, which waiting does not change.
 */
export async function awaitStore(store: Store, settings: Settings, log: Logger): Promise<void> {
  const place = placeOf(settings)
  const began = performance.now()
  let toldAt = Number.NEGATIVE_INFINITY
  for (;;) {
    try {
      await prove(store)
      return
    } catch (cause) {
      const now = performance.now()
      if (REFUSALS.test(reasonOf(cause))) throw refused(place, cause)
      if (now - began >= settings.storeWaitSeconds * 1000) throw unreachable(place, settings, cause)
      if (now - toldAt >= TOLD_EVERY_MS) {
        toldAt = now
        log.warn({ store: place, err: cause }, 'waiting for the store')
      }
      await delay(ASKED_EVERY_MS)
    }
  }
}

const PROBE_LIFETIME_MS = 60_000

/** One that has served before starts as it is, full too; a new one has to take what the first start writes. */
async function prove(store: Store): Promise<void> {
  const [rootKeys] = await store.read('gate', [{ collection: 'gate', id: 'root-keys' }])
  if (rootKeys !== undefined) return
  const put = { collection: 'gate', id: 'start' }
  const expiresAt = Date.now() + PROBE_LIFETIME_MS
  await store.commit('gate', { quiet: true, writes: [{ put, value: true, expiresAt }] })
}

/** What Redis says to a wrong password, none, a user who may not, and a database that it does not have. */
const REFUSALS = /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid )?DB index|ERR invalid password|ERR AUTH)/i

function refused(place: string, cause: unknown): PortcullisError {
  const problem = `The store at ${place} refuses the gateway (${reasonOf(cause)})`
  return new PortcullisError('configuration_invalid', problem, { cause, problems: [problem] })
}

function unreachable(place: string, { storeWaitSeconds }: Settings, cause: unknown): PortcullisError {
  const reason = reasonOf(cause)
  const problem = `The store at ${place} does not answer (${reason}); waited ${storeWaitSeconds} s (STORE_WAIT_SECONDS)`
  return new PortcullisError('configuration_invalid', problem, { cause, problems: [problem] })
}

/** The innermost cause names the host. */
function reasonOf(cause: unknown): string {
  let innermost = cause
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause
  return innermost instanceof Error ? innermost.message : String(innermost)
}

/** Without the user and the password. */
function placeOf({ store, dataDir }: Settings): string {
  switch (store.kind) {
    case 'embedded':
      return path.join(dataDir, 'store')
    case 'redis':
      return new URL(store.url).host
    case 'cluster':
      return store.urls.map((url) => new URL(url).host).join(', ')
    case 'sentinels':
      return `${store.name} of ${store.hosts.join(', ')}`
  }
}
