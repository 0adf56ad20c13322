import type { Deps } from '../context/context.js'
import { type DenialText, denialsOf } from '../errors/denials.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { LogoutRefused, type LogoutToken } from '../login/identity-provider.js'
import { endSession } from '../sessions/end.js'
import { openSession, parseHandle, type SessionKey, sessionRecords } from '../sessions/session.js'
import { ifReadable } from '../store/readable.js'
import { walk } from '../store/walk.js'
import { endAccountByProvider, type LogoutEnds, PROVIDER } from './end-account.js'
import {
  LOGGED_OUT,
  providerLogouts,
  providerSessionPartition,
  providerSessions,
  subjectAccounts,
  subjectPartition,
} from './known-login.js'
import { isSpent, isTimely, spend } from './token-use.js'

export type { LogoutEnds } from './end-account.js'

export const LOGOUT_DENIALS = {
  logout_token_invalid: {
    status: 400,
    title: 'Invalid logout token',
    detail:
      'The logout token was not made for this client by its identity provider, is not of now, or was used before.',
  },
} as const satisfies Record<string, DenialText>

const refusal = denialsOf(LOGOUT_DENIALS)

/** Longer than any login takes that the provider had vouched for before. */
const WORD_KEPT_MS = 3_600_000

/**
 * Ends what the identity provider says has ended (OpenID Connect Back-Channel Logout 1.0 §2.7): the session that it
 * names, or without a name every session and refresh token of the subject and, unless `ends` is
 * `sessions`, its tokens and API keys. Once this resolves, nothing of it is allowed again; a login under way ends too.
 * Whoever is not known here has nothing to end.
 *
 * A logout token counts for ten minutes and once; one whose work failed has not been spent. Refused with
 * `logout_token_invalid`, or `login_unavailable` without a provider that sends them; rejects with `store_unavailable` or
 * `provider_unavailable`.
 */
export async function logOutByProvider(
  deps: Deps,
  ends: LogoutEnds,
  compact: string,
): Promise<Outcome<void>> {
  const { identityProvider } = deps.options
  if (!identityProvider?.verifyLogoutToken) return refused('login_unavailable')
  let token: LogoutToken
  try {
    token = await identityProvider.verifyLogoutToken(compact)
  } catch (cause) {
    if (!(cause instanceof LogoutRefused)) throw cause
    return refuseToken(deps, 'it does not prove a logout', cause)
  }
  if (!isTimely(token, deps.clock())) return refuseToken(deps, 'it is not of now')
  if (await isSpent(deps, token)) return refuseToken(deps, 'it was used before')
  const { issuer, subject, sessionId } = token
  if (sessionId !== undefined) await endProviderSession(deps, { issuer, subject, sessionId })
  else if (subject !== undefined) await endSubject(deps, ends, issuer, subject)
  return (await spend(deps, token)) ? done(undefined) : refuseToken(deps, 'it was used before')
}

function refuseToken(deps: Deps, reason: string, cause?: unknown): Outcome<never> {
  deps.strangers.report({
    level: 'warn',
    code: 'logout_token_refused',
    detail: `A logout token was refused: ${reason}`,
    ...(cause === undefined ? {} : { cause }),
  })
  return { ok: false, denial: refusal('logout_token_invalid') }
}

async function endProviderSession(
  deps: Deps,
  { issuer, subject, sessionId }: { issuer: string; subject: string | undefined; sessionId: string },
): Promise<void> {
  const place = providerSessionPartition(deps, issuer, sessionId)
  await leaveWord(deps, place)
  for await (const entry of walk(deps, place, providerSessions.name)) {
    const key = parseHandle(entry.id)
    if (key && (await isOf(deps, key, subject))) await endSession(deps, { key, by: PROVIDER })
  }
}

/** A token that names a session and a subject ends the session of that subject alone. */
async function isOf(deps: Deps, key: SessionKey, subject: string | undefined): Promise<boolean> {
  const [stored] = await deps.store.read(key.partition, [sessionRecords.key(key.id)])
  const session = stored && openSession(deps, key, stored)
  return session !== undefined && (subject === undefined || session.subject === subject)
}

async function endSubject(deps: Deps, ends: LogoutEnds, issuer: string, subject: string): Promise<void> {
  const place = subjectPartition(deps, issuer, subject)
  await leaveWord(deps, place)
  for await (const entry of walk(deps, place, subjectAccounts.name)) {
    const known = ifReadable(deps, subjectAccounts, entry)
    if (known) await endAccountByProvider(deps, known.account, ends)
  }
}

/** Before anything is looked for: a login that is not to be found yet will see it. */
async function leaveWord(deps: Deps, place: string): Promise<void> {
  const at = deps.clock()
  await deps.store.commit(place, {
    confirm: true,
    essential: true,
    writes: [providerLogouts.put(LOGGED_OUT.id, at, { expiresAt: at + WORD_KEPT_MS })],
  })
}
