import { isEmail } from '../accounts/account-id.js'
import { frozenIdentity, type Identity } from '../authentication/identity.js'
import type { Deps } from '../context/context.js'
import { isFromBeforeLoss } from '../data-loss/from-before-loss.js'
import type { Denial, DenialCode } from '../errors/denials.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { refuseEmailDomain } from '../login/email-domain.js'
import { activeBan, STANDING, standingOf } from '../standing/standing.js'
import type { Millis } from '../store/store.js'
import type { TrustedIssuer } from './issuer.js'
import { revocationKey } from './revoke.js'
import { verifyExternalToken } from './verify.js'

/**
 * Who presents a token of a trusted issuer, judged against the account's standing as it is now. The role is what the
 * mapping of the issuer says and nothing else: that an administrator of the gate has the same address gives no power.
 */
export async function identifyByExternalToken(
  deps: Deps,
  issuer: TrustedIssuer,
  compact: string,
): Promise<Outcome<Identity>> {
  const verified = await verifyExternalToken(issuer, compact)
  if (!verified.ok) {
    sayUnlessAccount(deps, issuer, verified.denial)
    return verified
  }
  const { id, issuedAt, expiresAt, scopes, ...who } = verified.value
  const foreign = isEmail(who.accountId) ? refuseEmailDomain(deps.options, who.accountId) : undefined
  if (foreign) return { ok: false, denial: foreign }
  const partition = deps.partitionOf(who.accountId)
  const ended = await endOf(deps, partition, { id, issuedAt })
  if (ended) return refused(ended)
  const { requiredScope } = deps.options
  return done(
    frozenIdentity({
      ...who,
      groups: [],
      scopes: scopes ? mapScopes(deps, issuer, scopes) : [requiredScope],
      credential: { kind: 'external_token', id, issuedAt, expiresAt },
      partition,
    }),
  )
}

/** The scopes of the gate that those of a token are or map to. */
function mapScopes(deps: Deps, { options }: TrustedIssuer, scopes: readonly string[]): readonly string[] {
  const mapped = scopes.flatMap((scope) => [scope, ...(options.scopes.get(scope) ?? [])])
  return [...new Set(mapped)].filter((scope) => Object.hasOwn(deps.options.scopes, scope))
}

/** A proven token that speaks of no account is a matter of two configurations: their operator learns which. */
function sayUnlessAccount(deps: Deps, { options }: TrustedIssuer, { code }: Denial): void {
  if (code !== 'email_missing' && code !== 'email_unverified') return
  const email = options.claims.email.join('.')
  const userId = options.claims.userId.join('.')
  const unnamed =
    options.withoutEmail === 'subject'
      ? `has neither an e-mail address in ${email} nor a user id in ${userId}`
      : `has no e-mail address in ${email} (withoutEmail: 'subject' admits it by ${userId} and issuer)`
  const fault = code === 'email_missing' ? unnamed : 'says that its e-mail address is unverified'
  const detail = `A token of ${options.issuer} was refused: it ${fault}`
  const toLookAt = { options: ['trustedIssuers'] }
  deps.strangers.report({ level: 'warn', code: `external_token_${code}`, detail, ...toLookAt })
}

/** Whether whoever was let in by an external token still may stay. Expiry alone ends nothing that runs. */
export async function isExternalTokenAlive(deps: Deps, identity: Identity): Promise<boolean> {
  return (await endOf(deps, identity.partition, identity.credential)) === undefined
}

async function endOf(
  deps: Deps,
  partition: string,
  token: { readonly id: string; readonly issuedAt: Millis },
): Promise<DenialCode | undefined> {
  const [standingRecord, revocation] = await deps.store.read(partition, [STANDING, revocationKey(token.id)])
  const standing = standingOf(standingRecord)
  if (activeBan(standing, deps.clock())) return 'account_banned'
  if (isFromBeforeLoss(deps, partition, token.issuedAt)) return 'issued_before_loss'
  const isSignedOut = standing.foreignNotBefore !== undefined && token.issuedAt <= standing.foreignNotBefore
  return revocation || isSignedOut ? 'token_revoked' : undefined
}
