import type { AuditAction, PluginAction } from '../audit/entry.js'
import { type Issued, refuseIssued } from '../authentication/judge.js'
import type { Actor } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { sha256 } from '../crypto/hash.js'
import { type Denial, denial } from '../errors/denial.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import type { Standing } from '../standing/standing.js'
import { collection, counters, hasShape, text } from '../store/collection.js'
import type { Check, JsonValue, RecordKey, Write } from '../store/store.js'

/**
 * For so long the same request gets what it has created. A day, as clients know it from elsewhere: a queue or a person
 * who tries again the next morning is still the same attempt. Not longer, since what was created lies here, sealed.
 */
export const IDEMPOTENCY_SECONDS = 86_400
/** Requests with a key that create something for one account, between two midnights UTC. Bounds what is kept of them. */
export const MAX_IDEMPOTENT_A_DAY = 1000

/** What each request has created, sealed, by what it is told from others by. */
export const idempotentResults = collection<string>('idempotency', text, 'result of an idempotent request')
/** By the end of the day. */
export const idempotentRequests = counters('idempotency-count')

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** A request that creates something, as it is told from others. */
export interface IdempotentRequest {
  /** For whom it is created. */
  readonly account: string
  /** Who asks. Nobody is answered what another has created, whatever key they send. */
  readonly by: Actor
  readonly idempotencyKey: string
  readonly action: AuditAction | PluginAction
  /** All that was asked for. */
  readonly wish: readonly JsonValue[]
}

/** How a request creates something once: what its commit checks and writes beside what it creates. */
export interface Once {
  readonly key: RecordKey
  /** For the id of what is created: 128 bits, base64url, the same for all that ask at once. */
  readonly createdId: string
  /** Holds for one commit only. */
  readonly check: Check
  /** Keeps what was created, sealed. Refused by the store beyond `MAX_IDEMPOTENT_A_DAY`: then answer `beyond`. */
  readonly writes: (created: JsonValue) => readonly Write[]
  readonly beyond: Denial
  /**
   * What the same request has created; undefined when it has not yet. Refused with `idempotency_key_reused` when another
   * request has used the key, and with `idempotent_result_gone` when no secret opens what is kept.
   */
  readonly find: () => Promise<Outcome<JsonValue> | undefined>
}

export function onceFor(gate: GateContext, request: IdempotentRequest): Once {
  const { account, by, idempotencyKey, action, wish } = request
  const partition = gate.partitionOf(account)
  const now = gate.clock()
  const dayEndsAt = (Math.floor(now / DAY_MS) + 1) * DAY_MS
  const asked = sha256(JSON.stringify([action, wish]))
  const id = gate.deriveId('idempotency', JSON.stringify([partition, by.account, idempotencyKey]))
  const key = idempotentResults.key(id)
  const context = `idempotency:${partition}:${id}`
  return {
    key,
    // Another one once the key has expired: an old record must not be written over.
    createdId: gate.deriveId('created', JSON.stringify([id, asked, Math.floor(now / MINUTE_MS)])),
    check: { key, version: null },
    writes: (created) => [
      idempotentResults.put(id, gate.sealer.seal(context, { asked, created }), {
        expiresAt: now + IDEMPOTENCY_SECONDS * 1000,
      }),
      idempotentRequests.add(String(dayEndsAt), 1, { atMost: MAX_IDEMPOTENT_A_DAY, expiresAt: dayEndsAt }),
    ],
    beyond: denial('rate_limited', { retryAfterSeconds: Math.ceil((dayEndsAt - now) / 1000) }),
    async find() {
      const [stored] = await gate.store.read(partition, [key])
      if (!stored) return undefined
      const kept = gate.sealer.open(context, idempotentResults.read(stored))
      if (!isKept(kept)) return refused('idempotent_result_gone')
      return kept.asked === asked ? done(kept.created) : refused('idempotency_key_reused')
    },
  }
}

interface Kept {
  readonly asked: string
  readonly created: JsonValue
}

const isKept = hasShape<Kept>({ asked: text })

const GONE = 'idempotent_result_gone'
const GONE_CODES = { lost: GONE, absent: GONE, ended: GONE } as const

/**
 * Why what was created is not handed out again: `account_banned`, or `idempotent_result_gone` once it does not work. A
 * login that is too old is no reason, as it is none against creating: whoever logs in again can use it.
 */
export function refuseAgain(context: GateContext, standing: Standing, issued: Issued): Denial | undefined {
  return refuseIssued(context, standing, { ...issued, needsFreshLogin: false }, GONE_CODES)
}
