import { refuseBanned } from '../authentication/judge.js'
import type { GateContext } from '../context/context.js'
import { sha256 } from '../crypto/hash.js'
import type { Denial } from '../errors/denials.js'
import { done, type Outcome } from '../errors/outcome.js'
import { commitUnderStanding } from '../standing/change.js'
import type { Standing } from '../standing/standing.js'
import { collection, hasShape, text } from '../store/collection.js'
import type { Check, StoredRecord, Write } from '../store/store.js'
import { RACED } from '../store/update.js'
import { keyDenial } from './denials.js'
import {
  type ApiKeyInfo,
  type ApiKeyRecord,
  apiKeyIdFrom,
  apiKeyInfoOf,
  apiKeyRecords,
  apiKeyUses,
  writeApiKey,
} from './key.js'

/** Whoever adds a key changes this, so that nobody adds one to a number of keys that was right a moment ago. */
export const lastAddedKeys = collection<string>('api-key-added', text, 'id of the API key added last')
const LAST_ADDED = lastAddedKeys.key('last')
const LOOKED_AT = 1000
const REMOVED_AT_ONCE = 100

export interface CreatedApiKey {
  /** The only time that it is seen. */
  readonly key: string
  readonly info: ApiKeyInfo
}

/** A key that no record vouches for yet. */
export interface NewApiKey {
  readonly id: string
  readonly secret: string
  readonly facts: Omit<ApiKeyRecord, 'hash' | 'generation'>
}

/** What a key is written of, as it is kept sealed for whoever may be told it again. */
export const isSecretKey = hasShape<Pick<NewApiKey, 'id' | 'secret'>>({ id: text, secret: text })

/** `idFrom`: 12 characters or more of base64url that its id is made of. Default: random ones. */
export function newApiKey(
  context: GateContext,
  facts: NewApiKey['facts'],
  idFrom = context.randomId(9),
): NewApiKey {
  return { id: apiKeyIdFrom(idFrom), secret: context.randomId(32), facts }
}

/**
 * Stores a key under the account's standing as it is then, in one commit with `more`. The number of its keys that work is
 * counted for that commit; records of those that do not are removed by it. Answers `RACED` when another key was added
 * meanwhile, or a check of `more` failed. Refused with `account_banned` or `too_many_keys`.
 */
export async function addApiKey(
  context: GateContext,
  { id, secret, facts }: NewApiKey,
  limit: {
    readonly atMost: number
    readonly checks?: readonly Check[]
    readonly writes?: readonly Write[]
    /** The answer when an `add` of `writes` would pass its limit. */
    readonly beyond?: Denial
    /** The writes revoke something. */
    readonly confirm?: boolean
  },
): Promise<Outcome<CreatedApiKey> | typeof RACED> {
  const { account, createdAt, expiresAt } = facts
  const { atMost, checks = [], writes = [], beyond, confirm = false } = limit
  const partition = context.partitionOf(account)
  const hash = sha256(secret)
  const [added] = await context.store.read(partition, [LAST_ADDED])
  const { records } = await context.store.page(partition, apiKeyRecords.name, { limit: LOOKED_AT })
  const dead = (standing: Standing) => records.filter((stored) => !isOf(standing, stored))
  const stored = await commitUnderStanding(
    context,
    partition,
    (standing) => {
      const isFull = records.length - dead(standing).length >= atMost
      return refuseBanned(context, standing) ?? (isFull ? keyDenial('too_many_keys') : undefined)
    },
    (standing) => [
      ...dead(standing)
        .slice(0, REMOVED_AT_ONCE)
        .flatMap((one) => [apiKeyRecords.delete(one.id), apiKeyUses.delete(one.id)]),
      lastAddedKeys.put(LAST_ADDED.id, id),
      apiKeyRecords.put(
        id,
        { ...facts, hash, generation: standing.tokenGeneration },
        { sort: createdAt, expiresAt },
      ),
      ...writes,
    ],
    {
      checks: [{ key: LAST_ADDED, version: added?.version ?? null }, ...checks],
      ...(beyond && { beyond: () => beyond }),
      confirm,
    },
  )
  if (!stored.ok) return stored.denial.code === 'grant_invalid' ? RACED : stored
  const info = apiKeyInfoOf(id, { ...facts, hash, generation: stored.value.tokenGeneration })
  return done({ key: writeApiKey({ id, partition, secret }), info })
}

function isOf({ tokenGeneration }: Standing, stored: StoredRecord): boolean {
  return apiKeyRecords.read(stored).generation === tokenGeneration
}
