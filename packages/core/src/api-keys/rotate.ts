import type { Actor, ActsFor } from '../authorization/actor.js'
import type { ScopeWish } from '../authorization/scopes.js'
import { RETRY_WINDOW_SECONDS } from '../context/limits.js'
import type { Denial } from '../errors/denial.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import type { StandingOfAccount } from '../plugin/standing.js'
import { collection, text } from '../store/collection.js'
import type { StoredRecord, Write } from '../store/store.js'
import { RACED } from '../store/update.js'
import { addApiKey, type CreatedApiKey, isSecretKey, type NewApiKey, newApiKey } from './add.js'
import { MAX_API_KEYS } from './create.js'
import { keyDenial } from './denials.js'
import {
  type ApiKeyContext,
  type ApiKeyRecord,
  apiKeyInfoOf,
  apiKeyRecords,
  issuedAsApiKey,
  writeApiKey,
} from './key.js'

/** The new key of each that was rotated, sealed, for as long as it may be asked for again. */
export const rotations = collection<string>('api-key-rotations', text, 'rotation of an API key')

/** The first word of the contexts that they are sealed for. */
export const ROTATION = 'api-key-rotation'
const DEFAULT_OVERLAP_SECONDS = 3600
export const MAX_OVERLAP_SECONDS = 30 * 86_400
/** Each may have a predecessor that goes on for a while. */
const MAX_WITH_OVERLAPS = 2 * MAX_API_KEYS

export interface Rotation {
  readonly account: string
  readonly id: string
  readonly by: Actor
  readonly overlapSeconds?: number
  readonly grantable?: readonly string[]
}

/**
 * Replaces an API key by a new one with the same name, scopes and end, in one commit. The old one goes on working for
 * `overlapSeconds` (0 to 2592000, default 3600), never longer than it would have, so that programs can be changed
 * without a gap. For `RETRY_WINDOW_SECONDS` whoever rotates it again gets the same new key, since the answer may have
 * been lost; the old one then ends by the shorter of the two overlaps. Refused with `key_not_found`, `account_banned`,
 * `too_many_keys`, or `scope_insufficient` for a key with scopes beyond `grantable`; over another account with
 * `role_insufficient` or `super_admin_protected`.
 */
export async function rotateApiKey(context: ApiKeyContext, input: Rotation): Promise<Outcome<CreatedApiKey>> {
  const { account, id } = input
  const forbidden = context.refuseOver(input.by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const partition = context.partitionOf(account)
  const ofAccount = context.records({ account })
  return context.optimistically('An API key changed too often to be rotated', async () => {
    const { standing, records } = await ofAccount.readUnderStanding([
      apiKeyRecords.key(id),
      rotations.key(id),
    ])
    const [stored, rotated] = records
    const repeated = rotated && (await repeat(context, input, rotated, standing))
    if (repeated) {
      const isSettled = !repeated.ok || !stored || (await endBy(context, input, stored))
      return isSettled ? repeated : RACED
    }
    if (!stored) return NO_SUCH_KEY
    const refusal = refuseEnded(partition, standing, stored)
    if (refusal) return { ok: false as const, denial: refusal }
    return refuseBeyond(input, apiKeyRecords.read(stored)) ?? replace(context, input, stored)
  })
}

async function replace(
  context: ApiKeyContext,
  input: Rotation,
  stored: StoredRecord,
): Promise<Outcome<CreatedApiKey> | typeof RACED> {
  const { account, id, by } = input
  const record = apiKeyRecords.read(stored)
  const { name, scopes, expiresAt } = record
  const now = context.clock()
  const facts = { account, name, scopes, createdAt: now, ...(expiresAt === undefined ? {} : { expiresAt }) }
  const key = newApiKey(context, facts)
  let isRaced = false
  const deed = {
    action: 'api_key.create',
    by,
    subject: account,
    details: { key_id: key.id, scope: scopes.join(' '), replaces: id },
  } as const
  const added = await context.audited(deed, async () => {
    const result = await addApiKey(context, key, {
      atMost: MAX_WITH_OVERLAPS,
      isRevocation: true,
      checks: [{ key: apiKeyRecords.key(id), version: stored.version }],
      writes: [
        ending(context, stored, endOf(context, input, record)),
        rotations.put(id, sealKey(context, id, key), { expiresAt: now + RETRY_WINDOW_SECONDS * 1000 }),
      ],
    })
    isRaced = result === RACED
    return result === RACED ? NO_SUCH_KEY : result
  })
  return isRaced ? RACED : added
}

/** What came of a rotation a moment ago; undefined when that key is gone as well. */
async function repeat(
  context: ApiKeyContext,
  input: Rotation,
  rotated: StoredRecord,
  standing: StandingOfAccount,
): Promise<Outcome<CreatedApiKey> | undefined> {
  const partition = context.partitionOf(input.account)
  const key = openKey(context, input.id, rotations.read(rotated))
  const [stored] = key
    ? await context.records({ account: input.account }).read([apiKeyRecords.key(key.id)])
    : []
  if (!key || !stored) return undefined
  const refusal = refuseEnded(partition, standing, stored)
  if (refusal) return refusal.code === NOT_FOUND ? undefined : { ok: false, denial: refusal }
  const record = apiKeyRecords.read(stored)
  return (
    refuseBeyond(input, record) ??
    done({ key: writeApiKey({ ...key, partition }), info: apiKeyInfoOf(key.id, record) })
  )
}

const NOT_FOUND = 'key_not_found'
const NO_SUCH_KEY: Outcome<never> = { ok: false, denial: keyDenial(NOT_FOUND) }
const CODES = { lost: NOT_FOUND, absent: NOT_FOUND, ended: NOT_FOUND } as const

/** A login that is too old is no reason: it is none against creating a key either. */
function refuseEnded(
  partition: string,
  standing: StandingOfAccount,
  stored: StoredRecord,
): Denial | undefined {
  const issued = { ...issuedAsApiKey(partition, apiKeyRecords.read(stored)), needsFreshLogin: false }
  return standing.refuse(issued, CODES)
}

/** False when the old key has changed meanwhile. */
async function endBy(context: ApiKeyContext, input: Rotation, stored: StoredRecord): Promise<boolean> {
  const end = endOf(context, input, apiKeyRecords.read(stored))
  if (stored.expiresAt !== undefined && stored.expiresAt <= end) return true
  const result = await context.records({ account: input.account }).commit({
    isRevocation: true,
    checks: [{ key: apiKeyRecords.key(stored.id), version: stored.version }],
    writes: [ending(context, stored, end)],
  })
  return result.committed
}

function endOf(
  context: ApiKeyContext,
  { overlapSeconds = DEFAULT_OVERLAP_SECONDS }: Rotation,
  { expiresAt }: ApiKeyRecord,
): number {
  return Math.min(context.clock() + overlapSeconds * 1000, expiresAt ?? Number.POSITIVE_INFINITY)
}

function ending(context: ApiKeyContext, stored: StoredRecord, expiresAt: number): Write {
  if (expiresAt <= context.clock()) return apiKeyRecords.delete(stored.id)
  const value = { ...apiKeyRecords.read(stored), expiresAt }
  return apiKeyRecords.put(stored.id, value, { sort: stored.sort, expiresAt })
}

function refuseBeyond({ grantable }: Rotation, { scopes }: ApiKeyRecord): Outcome<never> | undefined {
  const beyond = scopes.find((scope) => grantable && !grantable.includes(scope))
  return beyond === undefined ? undefined : refused('scope_insufficient', { scope: beyond })
}

function sealKey(context: ApiKeyContext, replaced: string, { id, secret }: NewApiKey): string {
  return context.sealer.seal(`${ROTATION}:${replaced}`, { id, secret })
}

function openKey(context: ApiKeyContext, replaced: string, sealed: string) {
  const opened = context.sealer.open(`${ROTATION}:${replaced}`, sealed)
  return isSecretKey(opened) ? opened : undefined
}

/** Which key is replaced, and how long the old one goes on: 0 to 2592000 seconds, default 3600. */
export interface KeyToRotate extends Pick<ScopeWish, 'grantable'> {
  readonly account: string
  readonly id: string
  readonly by: ActsFor
  readonly overlapSeconds?: number
}
