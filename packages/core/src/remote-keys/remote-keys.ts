import type { GateEvent } from '../context/event.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import type { Clock, Millis } from '../store/store.js'
import { fetchJsonObject, NotADocument } from './fetch-json.js'
import { findJwksUri } from './find-jwks.js'
import { createKeySet, type KeySet } from './key-set.js'
import type { RemoteKeysOptions } from './options.js'

/** The keys of one issuer. Both ways to them reject with `provider_unavailable`. */
export interface RemoteKeys {
  /**
   * The keys that count now. Older than `jwksCacheSeconds`, they are fetched again first, for all who wait by one
   * request; while that fails, the last good ones serve for `jwksMaxStaleSeconds` more.
   */
  current(): Promise<KeySet>
  /**
   * What there is besides `seen`, which lacks a key: newer keys, or `seen` itself when it was fetched within
   * `cooldownSeconds`. Rejects when nobody can tell because the last attempt failed.
   */
  after(seen: KeySet): Promise<KeySet>
  /** Breaks off a request under way. */
  close(): void
}

export interface Surroundings {
  readonly clock: Clock
  readonly report: (event: GateEvent) => void
  readonly fetch: typeof globalThis.fetch
}

interface Fetched {
  readonly keySet: KeySet
  readonly text: string
  readonly at: Millis
}

const MAX_KEYS = 100
/** How soon to ask again when there is nothing to go on with: a start must not wait for a whole cooldown. */
const RETRY_MS = 1000

export function createRemoteKeys(options: RemoteKeysOptions, surroundings: Surroundings): RemoteKeys {
  const { clock, report } = surroundings
  const { issuer, jwksCacheMs, jwksMaxStaleMs, cooldownMs, timeoutMs } = options
  const closing = new AbortController()
  let good: Fetched | undefined
  let running: Promise<void> | undefined
  let attemptedAt = Number.NEGATIVE_INFINITY
  let failure: unknown

  /** A clock that was set back must not stop anything for as long as it was ahead. */
  const isPast = (since: Millis, span: Millis) => clock() - since >= span || clock() < since
  const isFresh = () => good && !isPast(good.at, jwksCacheMs)
  const isUsable = () => good && !isPast(good.at, jwksCacheMs + jwksMaxStaleMs)
  const unavailable = () =>
    new PortcullisError('provider_unavailable', `The keys of ${issuer} cannot be had`, { cause: failure })

  const refresh = () => {
    running ??= withDeadline(timeoutMs, closing.signal, (signal) => fetchKeys(options, surroundings, signal))
      .then((keys) => take(keys))
      .catch((cause: unknown) => {
        failure = cause
        if (!closing.signal.aborted)
          report({
            level: 'warn',
            code: 'trusted_issuer_unavailable',
            detail: `The keys of ${issuer} could not be fetched`,
            cause,
          })
      })
      .finally(() => {
        attemptedAt = clock()
        running = undefined
      })
    return running
  }

  const take = async (jwks: readonly unknown[]) => {
    const text = JSON.stringify(jwks)
    // The same keys stay the same set, so that what was proven with them stays proven.
    if (good?.text === text) good = { ...good, at: clock() }
    else {
      const { keySet, skipped } = await createKeySet(jwks, options.algorithms)
      good = { keySet, text, at: clock() }
      const detail = `Of the keys of ${issuer}, ${keySet.size} can be used and ${skipped} were passed over`
      report({ level: keySet.size > 0 ? 'info' : 'warn', code: 'trusted_issuer_keys', detail })
    }
    failure = undefined
  }

  return {
    async current() {
      if (closing.signal.aborted) throw unavailable()
      if (good && isFresh()) return good.keySet
      const isServing = isUsable()
      if (running || isPast(attemptedAt, isServing ? cooldownMs : Math.min(RETRY_MS, cooldownMs))) {
        // While it is known to be down, nobody who can be served waits for it.
        const isKnownDown = failure !== undefined && !isPast(attemptedAt, 2 * cooldownMs)
        const attempt = refresh()
        if (!isServing || !isKnownDown) await attempt
      }
      if (!good || !isUsable()) throw unavailable()
      return good.keySet
    },
    async after(seen) {
      if (good && good.keySet !== seen) return good.keySet
      if (running || isPast(attemptedAt, cooldownMs)) await refresh()
      if (!good || failure !== undefined) throw unavailable()
      return good.keySet
    },
    close: () => closing.abort(),
  }
}

async function fetchKeys(
  { issuer, jwksUri }: RemoteKeysOptions,
  { fetch }: Surroundings,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const uri = jwksUri ?? (await findJwksUri(issuer, { fetch, signal }))
  const { keys } = await fetchJsonObject(uri, { fetch, signal })
  if (!Array.isArray(keys) || keys.length > MAX_KEYS)
    throw new NotADocument(`Answered with something else than a JWK Set of at most ${MAX_KEYS} keys`)
  return keys
}

async function withDeadline<T>(
  milliseconds: number,
  closing: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(new Error('No answer in time')), milliseconds)
  try {
    return await work(AbortSignal.any([deadline.signal, closing]))
  } finally {
    clearTimeout(timer)
  }
}
