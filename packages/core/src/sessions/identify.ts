import { frozenIdentity, type Identity } from '../authentication/identity.js'
import { noteIssuedUnder } from '../authentication/issued-under.js'
import { roleOfGroups, roleOfSession } from '../authorization/role-by-group.js'
import { scopesOf } from '../authorization/scopes.js'
import type { Deps } from '../context/context.js'
import { isFromBeforeLoss } from '../data-loss/from-before-loss.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { activeBan, STANDING, standingOf } from '../standing/standing.js'
import { extendSession } from './extend.js'
import { handleOf, openSession, parseCookieValue, sessionRecordKey } from './session.js'

/** Whose browser presents this cookie, as of now. */
export async function identifyBySession(deps: Deps, cookieValue: string): Promise<Outcome<Identity>> {
  const key = parseCookieValue(cookieValue)
  if (!key) return refused('session_invalid')
  const [standingRecord, stored] = await deps.store.read(key.partition, [STANDING, sessionRecordKey(key.id)])
  const session = stored && openSession(deps, key, stored)
  if (!session) return refused('session_invalid')
  if (isFromBeforeLoss(deps, key.partition, session.createdAt)) return refused('issued_before_loss')
  const standing = standingOf(standingRecord)
  if (activeBan(standing, deps.clock())) return refused('account_banned')
  if (session.generation !== standing.sessionGeneration) return refused('session_invalid')
  extendSession(deps, key, stored).catch((cause: unknown) =>
    deps.report({ level: 'warn', code: 'session_unextended', detail: 'A session was not extended', cause }),
  )
  const { email, name, groups, createdAt, expiresAt } = session
  const role = roleOfSession(deps.roleOf(email), roleOfGroups(groups, deps.options.roleByGroup))
  const identity: Identity = {
    accountId: email,
    email,
    ...(name === undefined ? {} : { name }),
    groups,
    role,
    scopes: scopesOf(deps, role),
    credential: { kind: 'session', id: handleOf(key), issuedAt: createdAt, expiresAt },
    partition: key.partition,
  }
  return done(
    noteIssuedUnder(frozenIdentity(identity), { issuedAt: createdAt, sessionGeneration: session.generation }),
  )
}
