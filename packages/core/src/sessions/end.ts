import { leave } from '../account-index/account-index.js'
import { audited } from '../audit/append.js'
import {
  type Actor,
  actorByExchange,
  auditedAs,
  type RequestTrace,
  refuseOver,
} from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { type Replicated, replicationOf } from '../store/update.js'
import { endingOf, handleOf, openSession, type Session, type SessionKey, sessionRecords } from './session.js'

export interface EndedSession extends Replicated {
  readonly session: Session
}

/**
 * Ends one session, at once and for good; without `by`, at the hand of whoever holds it. Answers what it was. Refused with
 * `session_not_found`, and over another account with `role_insufficient` or `super_admin_protected`.
 */
export async function endSession(
  context: GateContext,
  input: { key: SessionKey; by?: Actor; trace?: RequestTrace },
): Promise<Outcome<EndedSession>> {
  const recordKey = sessionRecords.key(input.key.id)
  const [stored] = await context.store.read(input.key.partition, [recordKey])
  const session = stored && openSession(context, input.key, stored)
  if (!session) return refused('session_not_found')
  const by = input.by ?? actorByExchange(context, session.email, 'session', input.trace)
  const forbidden = refuseOver(context, by, session.email)
  if (forbidden) return { ok: false, denial: forbidden }
  const recorded = {
    action: 'session.end',
    ...auditedAs(by),
    subject: session.email,
  } as const
  const ended = await audited(context, recorded, async () =>
    done(
      await context.store.commit(input.key.partition, {
        confirm: true,
        essential: true,
        writes: endingOf(input.key.id, session.generation, context.clock()),
      }),
    ),
  )
  await leave(context, [{ index: 'sessions', id: handleOf(input.key) }])
  return done({ session, ...(ended.ok && ended.value.committed ? replicationOf(ended.value) : {}) })
}
