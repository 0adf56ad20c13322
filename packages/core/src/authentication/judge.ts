import { type Denial, denial, denialIn, type PluginCode } from '../errors/denial.js'
import type { DenialCode, DenialText } from '../errors/denials.js'
import { activeBan, imposedBan, type Standing } from '../standing/standing.js'
import type { Clock, Millis, Store } from '../store/store.js'
import type { Identity } from './identity.js'

/** What the judge has to know of anything that was issued: a credential, a refresh token, a code, an approval. */
export interface Issued {
  /** Where the standing of its account is. */
  readonly partition: string
  /** Undefined where neither the record nor what was presented tells. */
  readonly issuedAt: Millis | undefined
  /** No record of it is left. */
  readonly isAbsent?: boolean
  /** It was taken back by itself. */
  readonly isEnded?: boolean
  /**
   * The generations of the account under which it was issued, as far as it ends with them. Without any it is dead when it
   * was issued at or before the last time that all tokens of the account were ended, and so is what does not say when.
   */
  readonly sessionGeneration?: number
  readonly tokenGeneration?: number
  /**
   * Nothing that ends all tokens of the account ends it: it works again when a ban is over. For what somebody else has
   * issued for long and would not issue anew, such as a certificate, and what only its own record ends.
   */
  readonly outlivesRevocation?: boolean
  /** It works only for `requireFreshLoginSeconds` after a login of its account. */
  readonly needsFreshLogin?: boolean
  /** The grant that a token was bought by, which the plugin that keeps it can end when the token is gone. */
  readonly grant?: string
}

/** What the judge needs of its surroundings. */
export interface JudgeContext {
  readonly clock: Clock
  readonly store: Pick<Store, 'lossOf'>
  readonly options: {
    readonly onDataLoss: 'refuse' | 'accept'
    readonly requireFreshLoginSeconds: number | undefined
    readonly publicUrl: string
    /** Codes of plugins, with their text. */
    readonly denials: Readonly<Record<string, DenialText>>
  }
}

/** What has become of something that was issued. `superseded`: everything of its generation was ended. */
export type Fate =
  | 'live'
  | 'banned'
  | 'deactivated'
  | 'lost'
  | 'absent'
  | 'ended'
  | 'superseded'
  | 'stale_login'

/**
 * What has become of something that was issued, under the standing of its account. The one place that decides this, for
 * credentials, running streams, refresh tokens, codes, approvals and repeats, always in this order. Ask after the records
 * were read: a store learns by reading that it lost some.
 */
export function fateOf(context: JudgeContext, standing: Standing, issued: Issued): Fate {
  const now = context.clock()
  if (imposedBan(standing, now)) return 'banned'
  if (standing.deactivatedAt !== undefined) return 'deactivated'
  if (isFromBeforeLoss(context, issued)) return 'lost'
  if (issued.isAbsent) return 'absent'
  if (issued.isEnded) return 'ended'
  if (isSuperseded(standing, issued)) return 'superseded'
  if (issued.needsFreshLogin && isLoginStale(context, standing, now)) return 'stale_login'
  return 'live'
}

/** How each fate is answered where that is not the same for everything. */
export interface FateCodes {
  /** Default: `issued_before_loss`. */
  readonly lost?: DenialCode | PluginCode
  readonly absent: DenialCode | PluginCode
  /** Ended by itself or with its generation. */
  readonly ended: DenialCode | PluginCode
}

/** Why something that was issued does not work now: `account_banned`, one of `codes`, or `login_stale`. */
export function refuseIssued(
  context: JudgeContext,
  standing: Standing,
  issued: Issued,
  codes: FateCodes,
): Denial | undefined {
  switch (fateOf(context, standing, issued)) {
    case 'live':
      return undefined
    case 'banned':
    case 'deactivated':
      return denial('account_banned')
    case 'lost':
      return denialIn(context.options.denials, codes.lost ?? 'issued_before_loss')
    case 'absent':
      return denialIn(context.options.denials, codes.absent)
    case 'ended':
    case 'superseded':
      return denialIn(context.options.denials, codes.ended)
    case 'stale_login':
      return loginStale(context)
  }
}

const GRANT_CODES: FateCodes = { lost: 'grant_invalid', absent: 'grant_invalid', ended: 'grant_invalid' }

/**
 * Why nothing may be handed out any more for a refresh token, a code or an approval: `account_banned`, `grant_invalid`,
 * at last `login_stale`.
 */
export function refuseGrant(context: JudgeContext, standing: Standing, issued: Issued): Denial | undefined {
  return refuseIssued(context, standing, issued, GRANT_CODES)
}

/** Why nothing new may be issued to an account now: `account_banned`. */
export function refuseBanned({ clock }: Pick<JudgeContext, 'clock'>, standing: Standing): Denial | undefined {
  return activeBan(standing, clock()) ? denial('account_banned') : undefined
}

/** Issued before the store lost records of its account: nobody knows whether it was revoked. */
function isFromBeforeLoss({ options, store }: JudgeContext, { partition, issuedAt }: Issued): boolean {
  if (issuedAt === undefined || options.onDataLoss === 'accept') return false
  const lostAt = store.lossOf?.(partition)
  return lostAt !== undefined && issuedAt <= lostAt
}

function isSuperseded(standing: Standing, issued: Issued): boolean {
  const { sessionGeneration, tokenGeneration, outlivesRevocation, issuedAt } = issued
  if (outlivesRevocation) return false
  if (sessionGeneration !== undefined && sessionGeneration !== standing.sessionGeneration) return true
  if (tokenGeneration !== undefined && tokenGeneration !== standing.tokenGeneration) return true
  if (sessionGeneration !== undefined || tokenGeneration !== undefined) return false
  const { foreignNotBefore } = standing
  return foreignNotBefore !== undefined && (issuedAt ?? 0) <= foreignNotBefore
}

function isLoginStale({ options }: JudgeContext, { authenticatedAt }: Standing, now: Millis): boolean {
  const { requireFreshLoginSeconds: seconds } = options
  return seconds !== undefined && now >= (authenticatedAt ?? 0) + seconds * 1000
}

function loginStale({ options: { publicUrl, requireFreshLoginSeconds } }: JudgeContext): Denial {
  return denial('login_stale', {
    detail: `Log in again at ${publicUrl}/oauth2/start: credentials of programs work for ${requireFreshLoginSeconds} seconds after a login.`,
  })
}

/** What is remembered of whoever was let in. */
interface Remembered {
  readonly issued: Issued
  /** Until when it was good when it was last looked at, where that can change. */
  readonly expiresAt?: Millis
}

/** As a constructor it answers what it is given, so that a class over it puts its private members on that. */
function sameObject(identity: Identity): Identity {
  return identity
}

/** A private member of an identity, which no copy has: what a `WeakMap` is, without what that costs on every request. */
class Noted extends (sameObject as unknown as new (identity: Identity) => object) {
  #remembered: Remembered

  private constructor(identity: Identity, remembered: Remembered) {
    super(identity)
    this.#remembered = remembered
  }

  static put(identity: Identity, remembered: Remembered): void {
    if (#remembered in identity) identity.#remembered = remembered
    else new Noted(identity, remembered)
  }

  static of(identity: Identity): Remembered | undefined {
    return #remembered in identity ? identity.#remembered : undefined
  }
}

/** Keeps it with the identity, before that is frozen; a copy of the identity does not have it. */
export function noteIssued(identity: Identity, issued: Issued): void {
  Noted.put(identity, { issued })
}

/** What was judged of it as it was let in. Undefined for an identity that the gate has not made. */
export function issuedOf(identity: Identity): Issued | undefined {
  return Noted.of(identity)?.issued
}

/** Remembers that a session was extended, or an API key given an end, while something of it runs. */
export function noteDeadline(identity: Identity, expiresAt: Millis): void {
  const remembered = Noted.of(identity)
  if (remembered) Noted.put(identity, { ...remembered, expiresAt })
}

/** Until when the credential is good, as it was last seen. */
export function deadlineOf(identity: Identity): Millis {
  return Noted.of(identity)?.expiresAt ?? identity.credential.expiresAt
}
