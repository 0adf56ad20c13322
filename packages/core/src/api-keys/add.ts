import { sha256 } from '../crypto/hash.js'
import { done, type Outcome } from '../errors/outcome.js'
import type { BatchUnderStanding } from '../plugin/records.js'
import type { StandingOfAccount } from '../plugin/standing.js'
import { collection, hasShape, text } from '../store/collection.js'
import type { StoredRecord, Write } from '../store/store.js'
import { RACED } from '../store/update.js'
import { keyDenial } from './denials.js'
import {
  type ApiKeyContext,
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
export const LAST_ADDED = lastAddedKeys.key('last')
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
  context: Pick<ApiKeyContext, 'randomId'>,
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
  context: ApiKeyContext,
  { id, secret, facts }: NewApiKey,
  {
    atMost,
    checks = [],
    writes = [],
    ...more
  }: Pick<BatchUnderStanding, 'checks' | 'isRevocation' | 'once'> & {
    readonly atMost: number
    readonly writes?: readonly Write[]
  },
): Promise<Outcome<CreatedApiKey> | typeof RACED> {
  const { account, createdAt, expiresAt } = facts
  const ofAccount = context.records({ account })
  const hash = sha256(secret)
  const [added] = await ofAccount.read([LAST_ADDED])
  const { records } = await ofAccount.page(apiKeyRecords.name, { limit: LOOKED_AT })
  const dead = (standing: StandingOfAccount) => records.filter((stored) => !isOf(standing, stored))
  const stored = await ofAccount.commitUnderStanding({
    ...more,
    refuse(standing) {
      const isFull = records.length - dead(standing).length >= atMost
      return isFull ? keyDenial('too_many_keys') : undefined
    },
    checks: [{ key: LAST_ADDED, version: added?.version ?? null }, ...checks],
    writes: (standing) => [
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
  })
  if (stored === RACED || !stored.ok) return stored
  const info = apiKeyInfoOf(id, { ...facts, hash, generation: stored.value.tokenGeneration })
  return done({ key: writeApiKey({ id, partition: context.partitionOf(account), secret }), info })
}

function isOf({ tokenGeneration }: StandingOfAccount, stored: StoredRecord): boolean {
  return apiKeyRecords.read(stored).generation === tokenGeneration
}
