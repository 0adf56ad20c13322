import type { PluginContext } from '../plugin/context.js'
import type { VouchedLogin } from '../plugin/hooks.js'
import type { PluginRecords } from '../plugin/records.js'
import { collection, instant, text } from '../store/collection.js'
import type { Millis } from '../store/store.js'

/** Whom the identity provider names when it ends something. */
export type ProviderNames = Pick<VouchedLogin, 'issuer' | 'subject' | 'providerSessionId'>

/** What is kept there: an account, and for a session its handle as the id. */
export interface KnownLogin {
  readonly account: string
}

const WHAT = 'login known to the provider'
/** Accounts of a subject: more than one when its e-mail address has changed. */
export const subjectAccounts = collection<KnownLogin>('accounts', { account: text }, WHAT)
/** Sessions here that began in one session of the provider. */
export const providerSessions = collection<KnownLogin>('sessions', { account: text }, WHAT)
/** When the provider last ended what the place is about. */
export const providerLogouts = collection<Millis>('logged-out', instant, 'logout by the provider')
export const LOGGED_OUT = providerLogouts.key('logged-out')

/** Where that of one subject is, and that of one session of the provider. */
export const SUBJECT = 'provider-subject'
export const PROVIDER_SESSION = 'provider-session'

type WithRecords = Pick<PluginContext, 'records'>

export function recordsOfSubject(context: WithRecords, issuer: string, subject: string): PluginRecords {
  return context.records({ place: SUBJECT, of: [issuer, subject] })
}

export function recordsOfProviderSession(
  context: WithRecords,
  issuer: string,
  sessionId: string,
): PluginRecords {
  return context.records({ place: PROVIDER_SESSION, of: [issuer, sessionId] })
}

/**
 * Notes whose session is about to begin, so that the provider can end it by its own names. Called before the session
 * exists: what lives can be found. What is known of a subject stays, since API keys may live for ever.
 */
export async function enterKnownLogin(
  context: Pick<PluginContext, 'partitionOf' | 'records'>,
  login: VouchedLogin,
): Promise<void> {
  const { account, sessionId, expiresAt, issuer, subject, providerSessionId } = login
  const asSubject = recordsOfSubject(context, issuer, subject).commit({
    writes: [subjectAccounts.put(context.partitionOf(account), { account })],
  })
  const asSession =
    providerSessionId === undefined
      ? undefined
      : recordsOfProviderSession(context, issuer, providerSessionId).commit({
          writes: [providerSessions.put(sessionId, { account }, { expiresAt })],
        })
  await Promise.all([asSubject, asSession])
}

/**
 * Whether the provider has ended the session that it vouched for, or everything of the subject since `began`. Asked
 * after the session exists: a logout that came too early to find it has left word here.
 */
export async function wasLoggedOutSince(
  context: WithRecords,
  names: ProviderNames,
  began: Millis,
): Promise<boolean> {
  const { issuer, subject, providerSessionId } = names
  const [ofSubject, ofSession] = await Promise.all([
    recordsOfSubject(context, issuer, subject).read([LOGGED_OUT]),
    providerSessionId === undefined
      ? []
      : recordsOfProviderSession(context, issuer, providerSessionId).read([LOGGED_OUT]),
  ])
  const at = ofSubject[0]?.value
  return ofSession[0] !== undefined || (at !== undefined && !(typeof at === 'number' && at < began))
}
