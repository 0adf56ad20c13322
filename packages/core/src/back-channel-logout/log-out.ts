import { denialsOf } from '../errors/denial.js'
import type { DenialText } from '../errors/denials.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { LogoutRefused, type LogoutToken } from '../login/identity-provider.js'
import type { PluginContext } from '../plugin/context.js'
import type { PluginRecords } from '../plugin/records.js'
import { ifReadable } from '../store/readable.js'
import { endAccountByProvider, type LogoutEnds } from './end-account.js'
import {
  LOGGED_OUT,
  providerLogouts,
  providerSessions,
  recordsOfProviderSession,
  recordsOfSubject,
  subjectAccounts,
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
  context: PluginContext,
  ends: LogoutEnds,
  compact: string,
): Promise<Outcome<void>> {
  const { identityProvider } = context
  if (!identityProvider?.verifyLogoutToken) return refused('login_unavailable')
  let token: LogoutToken
  try {
    token = await identityProvider.verifyLogoutToken(compact)
  } catch (cause) {
    if (!(cause instanceof LogoutRefused)) throw cause
    return refuseToken(context, 'it does not prove a logout', cause)
  }
  if (!isTimely(token, context.clock())) return refuseToken(context, 'it is not of now')
  if (await isSpent(context, token)) return refuseToken(context, 'it was used before')
  const { issuer, subject, sessionId } = token
  if (sessionId !== undefined) await endProviderSession(context, { issuer, subject, sessionId })
  else if (subject !== undefined) await endSubject(context, ends, issuer, subject)
  return (await spend(context, token)) ? done(undefined) : refuseToken(context, 'it was used before')
}

function refuseToken(context: PluginContext, reason: string, cause?: unknown): Outcome<never> {
  context.reportOfStrangers({
    level: 'warn',
    code: 'logout_token_refused',
    detail: `A logout token was refused: ${reason}`,
    ...(cause === undefined ? {} : { cause }),
  })
  return { ok: false, denial: refusal('logout_token_invalid') }
}

async function endProviderSession(
  context: PluginContext,
  { issuer, subject, sessionId }: { issuer: string; subject: string | undefined; sessionId: string },
): Promise<void> {
  const records = recordsOfProviderSession(context, issuer, sessionId)
  await leaveWord(context, records)
  for await (const { id: handle } of records.walk(providerSessions.name))
    if (await isOf(context, handle, subject))
      await context.operations.sessions.end({ handle, by: context.self })
}

/** A token that names a session and a subject ends the session of that subject alone. */
async function isOf(context: PluginContext, handle: string, subject: string | undefined): Promise<boolean> {
  const session = await context.accounts.session(handle)
  return session !== undefined && (subject === undefined || session.subject === subject)
}

async function endSubject(
  context: PluginContext,
  ends: LogoutEnds,
  issuer: string,
  subject: string,
): Promise<void> {
  const records = recordsOfSubject(context, issuer, subject)
  await leaveWord(context, records)
  for await (const entry of records.walk(subjectAccounts.name)) {
    const known = ifReadable(context, subjectAccounts, entry)
    if (known) await endAccountByProvider(context, known.account, ends)
  }
}

/** Before anything is looked for: a login that is not to be found yet will see it. */
async function leaveWord({ clock }: PluginContext, records: PluginRecords): Promise<void> {
  const at = clock()
  await records.commit({
    isRevocation: true,
    writes: [providerLogouts.put(LOGGED_OUT.id, at, { expiresAt: at + WORD_KEPT_MS })],
  })
}
