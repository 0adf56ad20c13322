import { audited } from '../audit/append.js'
import { type Acted, type Actor, type ActsFor, auditedAs } from '../authorization/actor.js'
import { denial } from '../decision.js'
import type { Deps } from '../deps.js'
import { done, type Outcome, refused } from '../outcome.js'
import { chooseScopes, type ScopeWish } from '../scopes.js'
import { commitUnderStanding } from '../standing/commit-under.js'
import { activeBan } from '../standing/standing.js'
import { boundedText } from '../text.js'
import {
  API_KEYS,
  type ApiKeyInfo,
  type ApiKeyRecord,
  apiKeyInfoOf,
  apiKeyRecordKey,
  hashApiKey,
  newApiKeyId,
  writeApiKey,
} from './key.js'

const API_KEY_NAME_LENGTH = 100
const MAX_API_KEY_SECONDS = 10 * 366 * 86_400
/** Enough for every program of a person, few enough that all of them can be looked through. */
const MAX_API_KEYS = 100

export interface ApiKeyToCreate extends ScopeWish {
  /** Canonical e-mail. */
  readonly account: string
  /** Kept as one line of at most 100 characters. Default `key`. */
  readonly name?: string
  /** Integer, 60 to 316224000 (ten years). Default: it does not expire. */
  readonly lifetimeSeconds?: number
  /** Who creates it. Default: `{ service: 'program' }`. */
  readonly by?: ActsFor
}

export interface CreatedApiKey {
  /** The only time that it is seen. */
  readonly key: string
  readonly info: ApiKeyInfo
}

/**
 * Creates an API key: opaque, 256 bits of secret, of which only a hash is stored. It exists once its record is stored.
 * Refused with `expires_in_invalid`, `scope_unknown`, `scope_insufficient`, `too_many_keys` or `account_banned`.
 */
export async function createApiKey(
  deps: Deps,
  input: Acted<ApiKeyToCreate>,
): Promise<Outcome<CreatedApiKey>> {
  const { lifetimeSeconds, account } = input
  if (lifetimeSeconds !== undefined && !isLifetime(lifetimeSeconds))
    return refused('expires_in_invalid', {
      detail: `expires_in must be an integer from 60 to ${MAX_API_KEY_SECONDS} seconds.`,
    })
  const chosen = chooseScopes(deps, input)
  if (!chosen.ok) return chosen
  const scopes = chosen.value
  const partition = deps.partitionOf(account)
  if ((await deps.store.count(partition, API_KEYS)) >= MAX_API_KEYS) return refused('too_many_keys')

  const createdAt = deps.clock()
  const name = boundedText(input.name ?? '', API_KEY_NAME_LENGTH) || 'key'
  const expiry = lifetimeSeconds === undefined ? {} : { expiresAt: createdAt + lifetimeSeconds * 1000 }
  return storeApiKey(deps, { account, name, scopes, createdAt, ...expiry }, input.by)
}

/** Makes the secret, and the record under the account's standing as it is then. */
export async function storeApiKey(
  deps: Deps,
  facts: Omit<ApiKeyRecord, 'hash' | 'generation'>,
  by: Actor,
): Promise<Outcome<CreatedApiKey>> {
  const { account, createdAt, expiresAt } = facts
  const partition = deps.partitionOf(account)
  const id = newApiKeyId(deps.randomId)
  const secret = deps.randomId(32)
  const hash = hashApiKey(secret)
  const recorded = {
    action: 'api_key.create',
    ...auditedAs(by),
    subject: account,
    details: { key_id: id, scope: facts.scopes.join(' ') },
  } as const
  const stored = await audited(deps, recorded, () =>
    commitUnderStanding(
      deps,
      partition,
      (standing) => (activeBan(standing, deps.clock()) ? denial('account_banned') : undefined),
      ({ tokenGeneration }) => [
        {
          put: apiKeyRecordKey(id),
          value: { ...facts, hash, generation: tokenGeneration },
          sort: createdAt,
          ...(expiresAt === undefined ? {} : { expiresAt }),
        },
      ],
    ),
  )
  if (!stored.ok) return stored
  const info = apiKeyInfoOf(id, { ...facts, hash, generation: stored.value.tokenGeneration })
  return done({ key: writeApiKey({ id, partition, secret }), info })
}

function isLifetime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 60 && seconds <= MAX_API_KEY_SECONDS
}
