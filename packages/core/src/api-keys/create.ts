import type { Acted, ActsFor } from '../authorization/actor.js'
import type { ScopeWish } from '../authorization/scopes.js'
import { lineOf } from '../encoding/text.js'
import { done, type Outcome, refused, refuseLong } from '../errors/outcome.js'
import type { OnceOfPlugin } from '../plugin/once.js'
import { RACED } from '../store/update.js'
import { addApiKey, type CreatedApiKey, isSecretKey, LAST_ADDED, newApiKey } from './add.js'
import { type ApiKeyContext, apiKeyInfoOf, apiKeyRecords, issuedAsApiKey, writeApiKey } from './key.js'

const API_KEY_NAME_LENGTH = 100
export const MAX_API_KEY_SECONDS = 10 * 366 * 86_400
/** Enough for every program of a person, few enough that all of them can be looked through. */
export const MAX_API_KEYS = 100

export interface ApiKeyToCreate extends ScopeWish {
  /** Canonical e-mail. */
  readonly account: string
  /** At most 100 characters, kept as one line. Default `key`. */
  readonly name?: string
  /** Integer, 60 to 316224000 (ten years). Default: it does not expire. */
  readonly lifetimeSeconds?: number
  /** Who creates it. Default, when it is left out: `{ service: 'program' }`. Given as undefined it is refused. */
  readonly by?: ActsFor
  /**
   * 1 to 255 printable ASCII characters, new for each key that is wanted. For 24 hours the same `by` with the same
   * `idempotencyKey` and the same wish gets the same API key.
   */
  readonly idempotencyKey?: string
}

/**
 * Creates an API key: opaque, 256 bits of secret, of which only a hash is stored. It exists once its record is stored.
 * Of any number created at once, none is beyond the hundred that an account may have.
 * Refused with `input_invalid` for a name that is too long, `expires_in_invalid`, `scope_unknown`, `scope_insufficient`, `too_many_keys` or `account_banned`; for another
 * account with `role_insufficient` or `super_admin_protected`.
 *
 * With an `idempotencyKey`, one commit makes the key and keeps it, sealed, for whoever asks again, so that of any number at
 * once there is one. Refused also with `idempotency_key_reused`, and with `rate_limited` beyond a thousand keys of an
 * account in a day. A key that has ended since is not answered again: `idempotent_result_gone`.
 */
export async function createApiKey(
  context: ApiKeyContext,
  input: Acted<ApiKeyToCreate>,
): Promise<Outcome<CreatedApiKey>> {
  const { lifetimeSeconds, account } = input
  const forbidden = context.refuseOver(input.by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const once = onceForKey(context, input)
  const before = await findBefore(context, input, once)
  if (before) return before
  if (lifetimeSeconds !== undefined && !isLifetime(lifetimeSeconds))
    return refused('expires_in_invalid', {
      detail: `expires_in must be an integer from 60 to ${MAX_API_KEY_SECONDS} seconds.`,
    })
  const name = lineOf(input.name ?? '', API_KEY_NAME_LENGTH)
  if (name === undefined) return refuseLong('name', API_KEY_NAME_LENGTH)
  const chosen = context.chooseScopes(input)
  if (!chosen.ok) return chosen
  const scopes = chosen.value
  const createdAt = context.clock()
  const expiry = lifetimeSeconds === undefined ? {} : { expiresAt: createdAt + lifetimeSeconds * 1000 }
  const key = newApiKey(
    context,
    { account, name: name || 'key', scopes, createdAt, ...expiry },
    once?.createdId,
  )
  const kept = once && { once: { of: once, created: { id: key.id, secret: key.secret } } }
  const deed = {
    action: 'api_key.create',
    by: input.by,
    subject: account,
    details: { key_id: key.id, scope: scopes.join(' ') },
  } as const
  return context.audited(deed, () =>
    context.optimistically('The API keys of an account changed too often', async () => {
      const added = await addApiKey(context, key, { atMost: MAX_API_KEYS, ...kept })
      return added === RACED ? ((await findBefore(context, input, once)) ?? RACED) : added
    }),
  )
}

function onceForKey(context: ApiKeyContext, input: Acted<ApiKeyToCreate>): OnceOfPlugin | undefined {
  const { account, by, idempotencyKey, name = null, lifetimeSeconds = null, scopes = null } = input
  if (idempotencyKey === undefined) return undefined
  const wish = [name, lifetimeSeconds, scopes]
  return context.once({ account, by, idempotencyKey, action: 'api_key.create', wish })
}

/** What the same request has created; undefined when it has not yet. */
async function findBefore(
  context: ApiKeyContext,
  { account, grantable }: Acted<ApiKeyToCreate>,
  once: OnceOfPlugin | undefined,
): Promise<Outcome<CreatedApiKey> | undefined> {
  const found = await once?.find()
  if (!once || !found) return undefined
  if (!found.ok) return found
  const key = found.value
  if (!isSecretKey(key)) return refused('idempotent_result_gone')
  const partition = context.partitionOf(account)
  const ofAccount = context.records({ account })
  // With a key that the near cache does not keep, it is read past that.
  const { standing, records } = await ofAccount.readUnderStanding([apiKeyRecords.key(key.id), LAST_ADDED])
  const [stored] = records
  if (!stored) return refused('idempotent_result_gone')
  const record = apiKeyRecords.read(stored)
  // Whoever logs in again can use it: a login that is too old is no reason, as it is none against creating.
  const refusal = standing.refuse({ ...issuedAsApiKey(partition, record), needsFreshLogin: false }, GONE)
  if (refusal) return { ok: false, denial: refusal }
  const granted = context.chooseScopes({ scopes: record.scopes, ...(grantable && { grantable }) })
  if (!granted.ok) return granted
  return done({ key: writeApiKey({ ...key, partition }), info: apiKeyInfoOf(key.id, record) })
}

const GONE = {
  lost: 'idempotent_result_gone',
  absent: 'idempotent_result_gone',
  ended: 'idempotent_result_gone',
} as const

function isLifetime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 60 && seconds <= MAX_API_KEY_SECONDS
}
