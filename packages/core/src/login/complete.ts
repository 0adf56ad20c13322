import { canonicalEmail } from '../account.js'
import { appendAudit } from '../audit/append.js'
import { actorByExchange, anonymousActor, auditedAs, type RequestTrace } from '../authorization/actor.js'
import { wasLoggedOutSince } from '../back-channel/known-login.js'
import type { DenialCode } from '../decision.js'
import type { Deps } from '../deps.js'
import { done, type Outcome, refused } from '../outcome.js'
import { LoginRefused, type ProviderLogin } from '../provider.js'
import { cookieNames, writeCookie } from '../sessions/cookie.js'
import { endSession } from '../sessions/end.js'
import { parseCookieValue } from '../sessions/session.js'
import { startSession } from '../sessions/start.js'
import { boundedText } from '../text.js'
import { refuseEmailDomain } from './email-domain.js'
import { challengeOf, hashBrowser, isBrowserSecret, type LoginState, openState } from './state.js'

const LOGINS = 'logins'
const MOST_GROUPS = 100

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
 * whatever the browser had. Refused with `login_refused`, `email_unverified`, `email_domain_refused`, `account_banned` or
 * `relogin_delayed`; rejects with `provider_unavailable` or `store_unavailable`, and then nothing of it has happened.
 */
export async function completeLogin(deps: Deps, answer: LoginAnswer): Promise<Outcome<CompletedLogin>> {
  const { callback, browser, trace = {} } = answer
  const refuse = (...refusal: Refusal) => refuseLogin(deps, trace, ...refusal)
  const began = deps.clock()
  const sealed = callback.searchParams.get('state') ?? ''
  const state = openState(deps, sealed)
  if (!deps.options.identityProvider) return refused('login_unavailable')
  if (
    !state ||
    !isBrowserSecret(browser) ||
    state.browser !== hashBrowser(browser) ||
    state.expiresAt <= deps.clock()
  )
    return refuse('login_refused', 'the state is unknown, expired or of another browser')
  if (!(await spend(deps, state))) return refuse('login_refused', 'the state was used before')

  const login = await askProvider(deps, callback, challengeOf(deps, sealed, state, browser))
  if (!login) return refuse('login_refused', 'the provider’s answer was not accepted')
  const email = login.email === undefined ? undefined : canonicalEmail(login.email)
  if (email === undefined) return refuse('login_refused', 'the provider named no e-mail address')
  if (!login.emailVerified) return refuse('email_unverified', 'not verified', email)
  const refusedDomain = refuseEmailDomain(deps.options, email)
  if (refusedDomain) return refuse(refusedDomain.code, 'the domain is not allowed', email)

  const started = await startSession(deps, { ...factsOf(login, answer), email }, trace)
  if (!started.ok) return refuse(started.denial.code, 'the account may not log in', email, started)
  const { cookieValue, maxAgeSeconds } = started.value
  if (await wasLoggedOutSince(deps, login, began)) {
    await endPrevious(deps, cookieValue, trace)
    return refuse('login_refused', 'the provider ended the session meanwhile', email)
  }
  await endPrevious(deps, answer.previousSession, trace)
  const { secure } = deps.options
  const cookie = writeCookie(cookieNames(secure).session, cookieValue, { secure, maxAgeSeconds })
  return done({ location: state.returnTo, setCookies: [cookie] })
}

/** One winner: whoever writes the id of the state first may use it. */
async function spend(deps: Deps, { id, expiresAt }: LoginState): Promise<boolean> {
  const key = { collection: LOGINS, id }
  const result = await deps.store.commit(LOGINS, {
    quiet: true,
    checks: [{ key, version: null }],
    writes: [{ put: key, value: true, expiresAt }],
  })
  return result.committed
}

async function askProvider(
  deps: Deps,
  callback: URL,
  challenge: ReturnType<typeof challengeOf>,
): Promise<ProviderLogin | undefined> {
  try {
    return await deps.options.identityProvider?.complete(callback, challenge)
  } catch (cause) {
    if (!(cause instanceof LoginRefused)) throw cause
    deps.report({ level: 'warn', code: 'login_refused', detail: 'The provider’s answer was refused', cause })
    return undefined
  }
}

function factsOf(login: ProviderLogin, { trace, userAgent }: LoginAnswer) {
  const name = boundedText(login.name ?? '', 200)
  return {
    groups: login.groups.slice(0, MOST_GROUPS).map((group) => boundedText(group, 200)),
    issuer: login.issuer,
    subject: login.subject,
    idToken: login.idToken,
    ...(name === '' ? {} : { name }),
    ...(login.providerSessionId === undefined ? {} : { providerSessionId: login.providerSessionId }),
    ...(trace?.address === undefined ? {} : { ip: trace.address }),
    ...(userAgent === undefined ? {} : { userAgent }),
  }
}

type Refusal = [code: DenialCode, reason: string, account?: string, outcome?: Outcome<never>]

async function refuseLogin(
  deps: Deps,
  trace: RequestTrace,
  ...[code, reason, account, outcome]: Refusal
): Promise<Outcome<never>> {
  const by = account === undefined ? anonymousActor(trace) : actorByExchange(deps, account, 'login', trace)
  await appendAudit(deps, {
    action: 'session.refused',
    ...auditedAs(by),
    subject: by.account,
    details: { code, reason },
  })
  return outcome ?? refused(code)
}

async function endPrevious(deps: Deps, cookieValue: string | undefined, trace: RequestTrace): Promise<void> {
  const key = cookieValue === undefined ? undefined : parseCookieValue(cookieValue)
  if (key) await endSession(deps, { key, trace })
}
