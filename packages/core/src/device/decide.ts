import { audited } from '../audit/append.js'
import type { Identity } from '../authentication/identity.js'
import { actorOf, auditedAs, type RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { approvalBy } from '../oauth/approval.js'
import { counters } from '../store/collection.js'
import { optimistically, RACED } from '../store/update.js'
import { refusedDevice } from './denials.js'
import { giveBack } from './open-requests.js'
import { DEVICE, type DeviceRequest, deviceRequests, findByUserCode, REMEMBERED_SECONDS } from './request.js'

/** In the partition of who guesses. */
export const wrongGuesses = counters('device-guesses')

const GUESSES = 10
const GUESSES_PER_MS = 600_000

/**
 * The open request that somebody has typed the code of. An account may be wrong ten times in ten minutes: a code is
 * short. Refused with `code_unknown` or `too_many_guesses`.
 */
export async function lookUpDevice(
  context: GateContext,
  identity: Identity,
  userCode: string | undefined,
): Promise<Outcome<DeviceRequest>> {
  const found = userCode === undefined ? undefined : await findByUserCode(context, userCode)
  if (found && !found.request.decision) return done(found.request)
  const result = await context.store.commit(identity.partition, {
    quiet: true,
    writes: [wrongGuesses.add('wrong', 1, { atMost: GUESSES, expiresAt: context.clock() + GUESSES_PER_MS })],
  })
  if (result.committed) return refusedDevice('code_unknown')
  return refusedDevice('too_many_guesses', { retryAfterSeconds: GUESSES_PER_MS / 1000 })
}

/** Binds the request to whoever decides; once. Refused with `code_unknown`, `too_many_guesses` or `session_invalid`. */
export async function decideDevice(
  context: GateContext,
  input: {
    identity: Identity
    userCode: string | undefined
    decision: 'approved' | 'denied'
    /** What of the wish is granted. */
    scopes: readonly string[]
    trace?: RequestTrace
  },
): Promise<Outcome<DeviceRequest>> {
  const { identity, userCode, decision, scopes, trace } = input
  const open = await lookUpDevice(context, identity, userCode)
  if (!open.ok) return open
  const account = identity.accountId
  const recorded = {
    action: decision === 'approved' ? 'device.approve' : 'device.deny',
    ...auditedAs(actorOf(identity, trace)),
    subject: account,
    details: { client_id: open.value.clientId, scope: scopes.join(' ') },
  } as const
  return audited(context, recorded, async () => {
    if (decision === 'denied') return bind(context, open.value.userCode, { decision })
    const approval = await approvalBy(context, identity)
    if (!approval.ok) return approval
    return bind(context, open.value.userCode, { decision, scopes, approval: approval.value })
  })
}

/** The program may be asking meanwhile, which changes the record. */
async function bind(
  context: GateContext,
  userCode: string,
  decided: Partial<Pick<DeviceRequest, 'decision' | 'scopes' | 'approval'>>,
): Promise<Outcome<DeviceRequest>> {
  return optimistically(context, 'A device request changed too often to be decided', async () => {
    const found = await findByUserCode(context, userCode)
    if (!found || found.request.decision) return refusedDevice('code_unknown')
    const { id, version, request } = found
    const { countedBy = [], ...open } = request
    const expiresAt = request.endsAt + REMEMBERED_SECONDS * 1000
    const result = await context.store.commit(DEVICE, {
      quiet: true,
      checks: [{ key: deviceRequests.key(id), version }],
      writes: [
        deviceRequests.put(id, { ...open, ...decided }, { expiresAt }),
        ...giveBack(request.createdAt, countedBy),
      ],
    })
    return result.committed ? done(request) : RACED
  })
}
