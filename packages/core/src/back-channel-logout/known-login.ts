import type { GateContext } from '../context/context.js'
import type { VouchedLogin } from '../plugin/hooks.js'
import { collection, instant, text } from '../store/collection.js'
import type { Millis } from '../store/store.js'

/** Whom the identity provider names when it ends something. */
export type ProviderNames = Pick<VouchedLogin, 'issuer' | 'subject' | 'providerSessionId'>

/** What a partition of this room holds: an account, and for a session its handle as the id. */
export interface KnownLogin {
  readonly account: string
}

const WHAT = 'login known to the provider'
/** Accounts of a subject: more than one when its e-mail address has changed. */
export const subjectAccounts = collection<KnownLogin>('accounts', { account: text }, WHAT)
/** Sessions here that began in one session of the provider. */
export const providerSessions = collection<KnownLogin>('sessions', { account: text }, WHAT)
/** When the provider last ended what the partition is about. */
export const providerLogouts = collection<Millis>('logged-out', instant, 'logout by the provider')
export const LOGGED_OUT = providerLogouts.key('logged-out')

/** No account can be spelled with a NUL, so no account shares a partition with one of these. */
export function subjectPartition(context: GateContext, issuer: string, subject: string): string {
  return context.partitionOf(`provider-subject\u0000${issuer}\u0000${subject}`)
}

export function providerSessionPartition(context: GateContext, issuer: string, sessionId: string): string {
  return context.partitionOf(`provider-session\u0000${issuer}\u0000${sessionId}`)
}

/**
 * Notes whose session is about to begin, so that the provider can end it by its own names. Called before the session
 * exists: what lives can be found. What is known of a subject stays, since API keys may live for ever.
 */
export async function enterKnownLogin(context: GateContext, login: VouchedLogin): Promise<void> {
  const { account, sessionId, expiresAt, issuer, subject, providerSessionId } = login
  const asSubject = context.store.commit(subjectPartition(context, issuer, subject), {
    quiet: true,
    writes: [subjectAccounts.put(context.partitionOf(account), { account })],
  })
  const asSession =
    providerSessionId === undefined
      ? undefined
      : context.store.commit(providerSessionPartition(context, issuer, providerSessionId), {
          quiet: true,
          writes: [providerSessions.put(sessionId, { account }, { expiresAt })],
        })
  await Promise.all([asSubject, asSession])
}

/**
 * Whether the provider has ended the session that it vouched for, or everything of the subject since `began`. Asked
 * after the session exists: a logout that came too early to find it has left word here.
 */
export async function wasLoggedOutSince(
  context: GateContext,
  names: ProviderNames,
  began: Millis,
): Promise<boolean> {
  const { issuer, subject, providerSessionId } = names
  const [ofSubject, ofSession] = await Promise.all([
    context.store.read(subjectPartition(context, issuer, subject), [LOGGED_OUT]),
    providerSessionId === undefined
      ? []
      : context.store.read(providerSessionPartition(context, issuer, providerSessionId), [LOGGED_OUT]),
  ])
  const at = ofSubject[0]?.value
  return ofSession[0] !== undefined || (at !== undefined && !(typeof at === 'number' && at < began))
}
