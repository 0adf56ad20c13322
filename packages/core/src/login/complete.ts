import { canonicalEmail } from '../accounts/account-id.js'
import type { RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { boundedText, lineOf } from '../encoding/text.js'
import type { DenialCode } from '../errors/denials.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { cookieNames, writeCookie } from '../sessions/cookie.js'
import { endSession } from '../sessions/end.js'
import { parseCookieValue } from '../sessions/session.js'
import { startSession, vouchedLogin } from '../sessions/start.js'
import { collection, present } from '../store/collection.js'
import { refuseEmailDomain } from './email-domain.js'
import { type LoginChallenge, LoginRefused, type ProviderLogin } from './identity-provider.js'
import { recordRefusal, refuseLogin } from './refuse.js'
import { challengeOf, hashBrowser, isBrowserSecret, type LoginState, openState } from './state.js'

/** States of logins that somebody has come back with, in one partition of the same name. */
export const completedLogins = collection<true>('logins', present)
const MOST_GROUPS = 100
const GROUP_LENGTH = 200
const USED_BEFORE = { code: 'login_refused', reason: 'the state was used before' } as const

export interface LoginAnswer {
  /** The whole URL that the browser was sent back to. */
  readonly callback: URL
  /** Value of the login cookie. */
  readonly browser: string | undefined
  /** Value of the session cookie that the browser had; that session ends. */
  readonly previousSession?: string
  readonly trace?: RequestTrace
  readonly userAgent?: string
}

export interface CompletedLogin {
  /** A path of our origin. */
  readonly location: string
  readonly setCookies: readonly string[]
}

/**
 * Completes a login that this browser began: once, within ten minutes, for a verified e-mail. The session is a new one
 * whatever the browser had. Nothing is stored before the provider has vouched for somebody. Refused with `login_refused`,
 * `login_email_missing`, `email_unverified`, `email_domain_refused`, `account_banned`, `relogin_delayed` or what a plugin refuses with. Rejects with
 * `provider_unavailable` or `provider_misconfigured`, and then nothing was stored; or with `store_unavailable` or
 * `plugin_unavailable`, and then a session may exist whose cookie nobody has.
 */
export async function completeLogin(
  context: GateContext,
  answer: LoginAnswer,
): Promise<Outcome<CompletedLogin>> {
  const { callback, browser, trace = {} } = answer
  const sealed = callback.searchParams.get('state') ?? ''
  const state = openState(context, sealed)
  const { identityProvider } = context.options
  if (!identityProvider) return refused('login_unavailable')
  if (
    !state ||
    !isBrowserSecret(browser) ||
    state.browser !== hashBrowser(browser) ||
    state.expiresAt <= context.clock()
  )
    return refuseLogin(context, {
      code: 'login_refused',
      reason: 'the state is unknown, expired or of another browser',
      trace,
    })
  if (!context.spentStates.spend(state.id, state.expiresAt))
    return refuseLogin(context, { ...USED_BEFORE, trace })
  try {
    return await exchange(context, answer, state, challengeOf(context, sealed, state, browser))
  } catch (error) {
    context.spentStates.restore(state.id)
    throw error
  }
}

async function exchange(
  context: GateContext,
  answer: LoginAnswer,
  state: LoginState,
  challenge: LoginChallenge,
): Promise<Outcome<CompletedLogin>> {
  const began = context.clock()
  const { trace = {} } = answer
  const asked = await askProvider(context, answer.callback, challenge, trace)
  if (!asked.ok) return asked
  const login = asked.value
  const account = login.email === undefined ? undefined : canonicalEmail(login.email)
  if (account === undefined) return refuseUnnamed(context, login, trace)
  const refuse = (code: DenialCode, reason: string) => refuseLogin(context, { code, reason, account, trace })
  if (!login.emailVerified)
    return refuseLogin(context, {
      code: 'email_unverified',
      reason: 'the provider does not say that the address is verified',
      ...login.addressProblem,
      account,
      trace,
    })
  requireGroups(context, login, account)
  const refusedDomain = refuseEmailDomain(context.options, account)
  if (refusedDomain) return refuse('email_domain_refused', 'the domain is not allowed')
  if (!(await spend(context, state))) return refuse(USED_BEFORE.code, USED_BEFORE.reason)

  const facts = { ...factsOf(context, login, answer), email: account }
  const started = await startSession(context, facts, trace)
  if (!started.ok) {
    const { denial, reason = 'the account may not log in' } = started
    await recordRefusal(context, { code: denial.code, reason, account, trace })
    return { ok: false, denial }
  }
  const { cookieValue, maxAgeSeconds, id: sessionId, expiresAt } = started.value
  const vouched = vouchedLogin(facts, { sessionId, expiresAt, trace })
  const refusal = await context.loginHooks.afterLogin({ ...vouched, beganAt: began })
  if (refusal) {
    await endPrevious(context, cookieValue, trace)
    await recordRefusal(context, { code: refusal.denial.code, reason: refusal.reason, account, trace })
    return { ok: false, denial: refusal.denial }
  }
  await endPrevious(context, answer.previousSession, trace)
  const { secure } = context.options
  const cookie = writeCookie(cookieNames(secure).session, cookieValue, { secure, maxAgeSeconds })
  return done({ location: state.returnTo, setCookies: [cookie] })
}

function refuseUnnamed(
  context: GateContext,
  login: ProviderLogin,
  trace: RequestTrace,
): Promise<Outcome<never>> {
  const { addressProblem, subject } = login
  const reason = 'what the provider named is no e-mail address'
  return refuseLogin(context, { code: 'login_email_missing', reason, ...addressProblem, subject, trace })
}

/** Groups that may make somebody a viewer must not count as none because they are too many to be sent. */
function requireGroups(context: GateContext, { groupsWithheld }: ProviderLogin, account: string): void {
  if (!groupsWithheld) return
  const reason = `the provider did not send the groups of ${account}, who is in too many: let it send those alone that are assigned to the gateway`
  const options = ['groupsClaim', 'roleByGroup']
  if (context.options.roleByGroup.size > 0)
    throw new PortcullisError('provider_misconfigured', `No role can be given by group: ${reason}`, {
      options,
    })
  context.report({
    level: 'warn',
    code: 'groups_withheld',
    detail: `Logged in without groups: ${reason}`,
    options,
  })
}

/** One winner over all processes: whoever writes the id of the state first may use it. */
async function spend(context: GateContext, { id, expiresAt }: LoginState): Promise<boolean> {
  const result = await context.store.commit(completedLogins.name, {
    quiet: true,
    checks: [{ key: completedLogins.key(id), version: null }],
    writes: [completedLogins.put(id, true, { expiresAt })],
  })
  return result.committed
}

async function askProvider(
  context: GateContext,
  callback: URL,
  challenge: LoginChallenge,
  trace: RequestTrace,
): Promise<Outcome<ProviderLogin>> {
  try {
    const login = await context.options.identityProvider?.complete(callback, challenge)
    return login ? done(login) : refused('login_unavailable')
  } catch (cause) {
    if (!(cause instanceof LoginRefused)) throw cause
    // Anybody with a state of their own may write what stands in the place of a code.
    const source = callback.searchParams.has('code') ? 'provider' : 'browser'
    return refuseLogin(context, {
      code: 'login_refused',
      reason: cause.message,
      source,
      trace,
      cause: cause.cause,
    })
  }
}

/**
 * As many groups as are kept, those that give a role first. One that could not be kept as it is, is left out: cut or
 * cleaned, it could be the name of another.
 */
function keptGroups(context: GateContext, groups: readonly string[]): readonly string[] {
  const { roleByGroup } = context.options
  const names = groups.map((group) => group.replace(/\s+/g, ' ').trim())
  const sound = [...new Set(names)].filter((group) => lineOf(group, GROUP_LENGTH) === group && group !== '')
  const [mapped, others] = [
    sound.filter((group) => roleByGroup.has(group)),
    sound.filter((group) => !roleByGroup.has(group)),
  ]
  const kept = [...mapped, ...others].slice(0, MOST_GROUPS)
  if (kept.length < new Set(names).size)
    context.strangers.report({
      level: 'warn',
      code: 'groups_left_out',
      detail: `The provider names more than ${MOST_GROUPS} groups of an account, or one that is no line of ${GROUP_LENGTH} characters; the rest are left out`,
    })
  return kept
}

function factsOf(context: GateContext, login: ProviderLogin, { trace, userAgent }: LoginAnswer) {
  const name = boundedText(login.name ?? '', 200)
  return {
    groups: keptGroups(context, login.groups),
    issuer: login.issuer,
    subject: login.subject,
    idToken: login.idToken,
    ...(name === '' ? {} : { name }),
    ...(login.providerSessionId === undefined ? {} : { providerSessionId: login.providerSessionId }),
    ...(trace?.address === undefined ? {} : { ip: trace.address }),
    ...(userAgent === undefined ? {} : { userAgent }),
  }
}

async function endPrevious(
  context: GateContext,
  cookieValue: string | undefined,
  trace: RequestTrace,
): Promise<void> {
  const key = cookieValue === undefined ? undefined : parseCookieValue(cookieValue)
  if (key) await endSession(context, { key, trace })
}
