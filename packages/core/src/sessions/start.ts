import { enter } from '../account-index/account-index.js'
import { audited } from '../audit/append.js'
import { refuseBanned } from '../authentication/judge.js'
import { actorByExchange, auditedAs, type RequestTrace } from '../authorization/actor.js'
import { roleOfGroups } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import { boundedText } from '../encoding/text.js'
import { type Denial, denial } from '../errors/denial.js'
import { done, type Outcome } from '../errors/outcome.js'
import type { LoginRefusal, VouchedLogin } from '../plugin/hooks.js'
import { commitUnderStanding } from '../standing/change.js'
import { enterLive } from '../standing/live-counts.js'
import { putStanding, readStanding, type Standing } from '../standing/standing.js'
import { asJson } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import { findOldestBeyondCap, recordEndedByLogin } from './end-oldest.js'
import {
  endingOf,
  handleOf,
  hashSecret,
  type SessionFacts,
  sealingContext,
  sessionRecords,
} from './session.js'

export interface StartedSession {
  /** For the cookie; stored nowhere. */
  readonly cookieValue: string
  readonly maxAgeSeconds: number
  readonly id: string
  /** When it ends at the latest. */
  readonly expiresAt: Millis
}

/**
 * Starts a session under a new 256-bit id, whatever the browser had before. Of an account with as many as it may have
 * (`maxCredentialsPerAccount`) the oldest ends in the same commit, so that nobody is locked out. Refused with
 * `account_banned` or `relogin_delayed`, also when the ban arrives while the session starts, and with what a plugin refuses,
 * then with its `reason`.
 */
export async function startSession(
  context: GateContext,
  facts: SessionFacts,
  trace: RequestTrace = facts.ip === undefined ? {} : { address: facts.ip },
): Promise<Outcome<StartedSession> & { readonly reason?: string }> {
  const now = context.clock()
  const partition = context.partitionOf(facts.email)
  const early = refuseLogin(context, (await readStanding(context, partition)).standing, now)
  if (early) return { ok: false, denial: early }

  const secret = context.randomId(32)
  const key = { partition, id: hashSecret(secret) }
  const { idleSeconds, absoluteSeconds } = context.options.sessions
  const absoluteExpiresAt = now + absoluteSeconds * 1000
  const expiresAt = Math.min(now + idleSeconds * 1000, absoluteExpiresAt)
  const kept = facts.userAgent ? { ...facts, userAgent: boundedText(facts.userAgent, 256) } : facts
  const sealed = context.sealer.seal(sealingContext(key), asJson(kept))

  const by = actorByExchange(context, facts.email, 'login', trace)
  const isViewer = roleOfGroups(facts.groups, context.options.roleByGroup) === 'viewer'
  const recorded = { action: 'session.start', ...auditedAs(by), subject: facts.email } as const
  let oldest: readonly string[] = []
  let refusal: LoginRefusal | undefined
  const started = await audited(context, recorded, async () => {
    await enter(context, [
      {
        index: 'sessions',
        id: handleOf(key),
        account: facts.email,
        sort: now,
        expiresAt: absoluteExpiresAt,
      },
    ])
    refusal = await context.loginHooks.beforeLogin(
      vouchedLogin(facts, { sessionId: handleOf(key), expiresAt: absoluteExpiresAt, trace }),
    )
    if (refusal) return { ok: false, denial: refusal.denial }
    return commitUnderStanding(
      context,
      partition,
      (standing) => refuseLogin(context, standing, now),
      async (standing) => {
        oldest = await findOldestBeyondCap(context, partition, standing)
        return [
          ...oldest.flatMap((id) => endingOf(id, standing.sessionGeneration, now)),
          putStanding(afterLogin(standing, now, isViewer)),
          sessionRecords.put(
            key.id,
            {
              createdAt: now,
              lastSeenAt: now,
              absoluteExpiresAt,
              generation: standing.sessionGeneration,
              sealed,
            },
            { sort: now, expiresAt },
          ),
          enterLive('sessions', {
            generation: standing.sessionGeneration,
            id: key.id,
            createdAt: now,
            expiresAt,
          }),
        ]
      },
    )
  })
  if (!started.ok) return refusal ? { ...started, reason: refusal.reason } : started
  await recordEndedByLogin(context, { account: facts.email, by, ids: oldest })
  return done({
    cookieValue: `${partition}.${secret}`,
    maxAgeSeconds: absoluteSeconds,
    id: handleOf(key),
    expiresAt: absoluteExpiresAt,
  })
}

/** What plugins are told of a login. */
export function vouchedLogin(
  { email, issuer, subject, providerSessionId, groups }: SessionFacts,
  session: Pick<VouchedLogin, 'sessionId' | 'expiresAt' | 'trace'>,
): VouchedLogin {
  const sid = providerSessionId === undefined ? {} : { providerSessionId }
  return { account: email, issuer, subject, ...sid, groups, ...session }
}

function afterLogin({ isViewer: _before, ...standing }: Standing, now: Millis, isViewer: boolean): Standing {
  return { ...standing, authenticatedAt: now, ...(isViewer ? { isViewer } : {}) }
}

function refuseLogin(context: GateContext, standing: Standing, now: Millis): Denial | undefined {
  const banned = refuseBanned(context, standing)
  if (banned) return banned
  const waitMs = (standing.reloginAfter ?? 0) - now
  return waitMs > 0 ? denial('relogin_delayed', { retryAfterSeconds: Math.ceil(waitMs / 1000) }) : undefined
}
