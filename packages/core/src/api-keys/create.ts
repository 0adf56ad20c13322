import { audited } from '../audit/append.js'
import { type Acted, type ActsFor, auditedAs } from '../authorization/actor.js'
import { refuseOver } from '../authorization/over-account.js'
import type { Deps } from '../deps.js'
import { PortcullisError } from '../errors.js'
import { type Outcome, refused, refuseLong } from '../outcome.js'
import { chooseScopes, type ScopeWish } from '../scopes.js'
import { lineOf } from '../text.js'
import { addApiKey, type CreatedApiKey, newApiKey } from './add.js'

const API_KEY_NAME_LENGTH = 100
export const MAX_API_KEY_SECONDS = 10 * 366 * 86_400
/** Enough for every program of a person, few enough that all of them can be looked through. */
export const MAX_API_KEYS = 100
const ATTEMPTS = 20

export interface ApiKeyToCreate extends ScopeWish {
  /** Canonical e-mail. */
  readonly account: string
  /** At most 100 characters, kept as one line. Default `key`. */
  readonly name?: string
  /** Integer, 60 to 316224000 (ten years). Default: it does not expire. */
  readonly lifetimeSeconds?: number
  /** Who creates it. Default: `{ service: 'program' }`. */
  readonly by?: ActsFor
}

/**
 * Creates an API key: opaque, 256 bits of secret, of which only a hash is stored. It exists once its record is stored.
 * Of any number created at once, none is beyond the hundred that an account may have.
 * Refused with `input_invalid` for a name that is too long, `expires_in_invalid`, `scope_unknown`, `scope_insufficient`, `too_many_keys` or `account_banned`; for another
 * account with `role_insufficient` or `super_admin_protected`.
 */
export async function createApiKey(
  deps: Deps,
  input: Acted<ApiKeyToCreate>,
): Promise<Outcome<CreatedApiKey>> {
  const { lifetimeSeconds, account } = input
  const forbidden = refuseOver(deps, input.by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  if (lifetimeSeconds !== undefined && !isLifetime(lifetimeSeconds))
    return refused('expires_in_invalid', {
      detail: `expires_in must be an integer from 60 to ${MAX_API_KEY_SECONDS} seconds.`,
    })
  const name = lineOf(input.name ?? '', API_KEY_NAME_LENGTH)
  if (name === undefined) return refuseLong('name', API_KEY_NAME_LENGTH)
  const chosen = chooseScopes(deps, input)
  if (!chosen.ok) return chosen
  const scopes = chosen.value
  const createdAt = deps.clock()
  const expiry = lifetimeSeconds === undefined ? {} : { expiresAt: createdAt + lifetimeSeconds * 1000 }
  const key = newApiKey(deps, { account, name: name || 'key', scopes, createdAt, ...expiry })
  const recorded = {
    action: 'api_key.create',
    ...auditedAs(input.by),
    subject: account,
    details: { key_id: key.id, scope: scopes.join(' ') },
  } as const
  return audited(deps, recorded, async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const added = await addApiKey(deps, key, { atMost: MAX_API_KEYS })
      if (added !== 'raced') return added
    }
    throw new PortcullisError('store_unavailable', 'The API keys of an account changed too often')
  })
}

function isLifetime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 60 && seconds <= MAX_API_KEY_SECONDS
}
