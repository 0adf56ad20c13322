import type { Identity } from '../authentication/identity.js'
import type { RequestTrace } from '../authorization/actor.js'
import { done, type Outcome } from '../errors/outcome.js'
import { counters } from '../store/collection.js'
import { RACED } from '../store/update.js'
import { refusedDevice } from './denials.js'
import { giveBack } from './open-requests.js'
import type { DeviceContext } from './request.js'
import {
  type DeviceRequest,
  deviceRequests,
  findByUserCode,
  REMEMBERED_SECONDS,
  requestsOf,
} from './request.js'

/** Of who guesses. */
export const wrongGuesses = counters('device-guesses')

const GUESSES = 10
const GUESSES_PER_MS = 600_000

/**
 * The open request that somebody has typed the code of. An account may be wrong ten times in ten minutes: a code is
 * short. Refused with `code_unknown` or `too_many_guesses`.
 */
export async function lookUpDevice(
  context: DeviceContext,
  identity: Identity,
  userCode: string | undefined,
): Promise<Outcome<DeviceRequest>> {
  const found = userCode === undefined ? undefined : await findByUserCode(context, userCode)
  if (found && !found.request.decision) return done(found.request)
  const result = await context.records({ account: identity.accountId, isQuiet: true }).commit({
    writes: [wrongGuesses.add('wrong', 1, { atMost: GUESSES, expiresAt: context.clock() + GUESSES_PER_MS })],
  })
  if (result.committed) return refusedDevice('code_unknown')
  return refusedDevice('too_many_guesses', { retryAfterSeconds: GUESSES_PER_MS / 1000 })
}

/** Binds the request to whoever decides; once. Refused with `code_unknown`, `too_many_guesses` or `session_invalid`. */
export async function decideDevice(
  context: DeviceContext,
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
  const { role, credential } = identity
  const deed = {
    action: decision === 'approved' ? 'device.approve' : 'device.deny',
    by: { account, role, credential: credential.kind, ...trace },
    subject: account,
    details: { client_id: open.value.clientId, scope: scopes.join(' ') },
  } as const
  return context.audited(deed, async () => {
    if (decision === 'denied') return bind(context, open.value.userCode, { decision })
    const approval = await context.server.approve(identity)
    if (!approval.ok) return approval
    return bind(context, open.value.userCode, { decision, scopes, approval: approval.value })
  })
}

/** The program may be asking meanwhile, which changes the record. */
async function bind(
  context: DeviceContext,
  userCode: string,
  decided: Partial<Pick<DeviceRequest, 'decision' | 'scopes' | 'approval'>>,
): Promise<Outcome<DeviceRequest>> {
  return context.optimistically('A device request changed too often to be decided', async () => {
    const found = await findByUserCode(context, userCode)
    if (!found || found.request.decision) return refusedDevice('code_unknown')
    const { id, version, request } = found
    const { countedBy = [], ...open } = request
    const expiresAt = request.endsAt + REMEMBERED_SECONDS * 1000
    const result = await requestsOf(context).commit({
      checks: [{ key: deviceRequests.key(id), version }],
      writes: [
        deviceRequests.put(id, { ...open, ...decided }, { expiresAt }),
        ...giveBack(request.createdAt, countedBy),
      ],
    })
    return result.committed ? done(request) : RACED
  })
}
