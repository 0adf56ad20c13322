import type { Listed, ListQuery } from '../account-index/account-index.js'
import { type BanRequest, type BanResult, banAccount } from '../accounts/ban.js'
import {
  type EndedSessions,
  type ForcedLogout,
  forceLogout,
  signOutEverywhere,
} from '../accounts/force-logout.js'
import { unbanAccount } from '../accounts/unban.js'
import type { AuditEntry } from '../audit/entry.js'
import { listAudit } from '../audit/list.js'
import { type PrunedAudit, pruneAudit } from '../audit/prune.js'
import { type AuditVerification, verifyAudit } from '../audit/verify.js'
import type { ActsFor } from '../authorization/actor.js'
import {
  acting,
  actingAs,
  bySomebody,
  handingOn,
  type InputTable,
  ON_ACCOUNT,
  ONE_OF_ACCOUNT,
  onAccountOf,
  operation,
  problemsOfInput,
} from '../authorization/operation.js'
import type { GateContext } from '../context/context.js'
import { acceptLoss } from '../data-loss/accept-loss.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { endSession } from '../sessions/end.js'
import { listSessions } from '../sessions/list.js'
import { handleOf, parseHandle, type Session } from '../sessions/session.js'
import type { Millis } from '../store/store.js'
import { type Replicated, replicationOf } from '../store/update.js'
import type { IssuedToken } from '../tokens/issue.js'
import { issueTokenOnce, type TokenToIssueOnce } from '../tokens/issue-once.js'
import { listTokens } from '../tokens/list.js'
import { listAllTokens, type TokenFilter } from '../tokens/list-all.js'
import { revokeToken } from '../tokens/revoke.js'
import { type RevokedTokens, revokeAllTokens } from '../tokens/revoke-all.js'
import type { TokenInfo } from '../tokens/token.js'
import {
  BAN,
  BY,
  FORCED_LOGOUT,
  LIST_OF_ACCOUNT,
  LIST_OF_ALL,
  PAGE,
  SESSION_TO_END,
  TOKEN_TO_ISSUE,
} from './operation-inputs.js'

/** A live session as programs see it: no secret, no provider token. */
export interface SessionInfo {
  /** Names the session without being able to act as it. */
  readonly handle: string
  readonly email: string
  readonly name?: string
  readonly groups: readonly string[]
  readonly ip?: string
  readonly userAgent?: string
  readonly issuer: string
  readonly subject: string
  readonly createdAt: Millis
  readonly lastSeenAt: Millis
  readonly expiresAt: Millis
}

/**
 * What the HTTP routes do, for programs. E-mails may be written in any spelling. An input with members that are unknown,
 * missing, of another kind or out of range is refused with `input_invalid`, whose detail names all of them; `listAll` and
 * `audit.list`, which answer no refusals, reject with a `RangeError` that does. Every change is audited under `by`, with
 * the power that `by` has and no other; `by` may be left out where tokens and API keys are handed out, never be undefined.
 */
export interface GateOperations {
  readonly tokens: {
    issue(input: TokenToIssueOnce): Promise<Outcome<IssuedToken>>
    list(input: ListQuery & { account: string }): Promise<Outcome<Listed<TokenInfo>>>
    listAll(input: ListQuery & TokenFilter): Promise<Listed<TokenInfo>>
    revoke(input: { account: string; id: string; by: ActsFor }): Promise<Outcome<Replicated>>
    revokeAll(input: { account: string; by: ActsFor }): Promise<Outcome<RevokedTokens>>
  }
  readonly sessions: {
    list(input: ListQuery & { account: string }): Promise<Outcome<Listed<SessionInfo>>>
    end(input: { handle: string; by: ActsFor }): Promise<Outcome<Replicated>>
  }
  readonly standing: {
    ban(input: BanRequest): Promise<Outcome<BanResult>>
    unban(input: { account: string; by: ActsFor }): Promise<Outcome<void>>
    forceLogout(input: {
      account: string
      by: ActsFor
      reloginAfterSeconds?: number
    }): Promise<Outcome<ForcedLogout>>
    signOutEverywhere(input: { account: string; by: ActsFor }): Promise<Outcome<EndedSessions>>
  }
  readonly store: {
    acceptLoss(input: { by: ActsFor }): Promise<Outcome<void>>
  }
  readonly audit: {
    list(query: ListQuery): Promise<Listed<AuditEntry>>
    verify(): Promise<AuditVerification>
    /** Cuts off at most 10000 entries older than `auditRetentionDays`. Refused with `audit_broken`. */
    prune(input: { by: ActsFor }): Promise<Outcome<PrunedAudit>>
  }
}

export function bindOperations(context: GateContext): GateOperations {
  return {
    tokens: {
      issue: operation(TOKEN_TO_ISSUE, (input) =>
        acting(handingOn(context, bySomebody(input)), (acted) => issueTokenOnce(context, acted)),
      ),
      list: operation(LIST_OF_ACCOUNT, async (input) => done(await listTokens(context, onAccountOf(input)))),
      async listAll(input) {
        requireInput(input, LIST_OF_ALL)
        return listAllTokens(context, input)
      },
      revoke: operation(ONE_OF_ACCOUNT, (input) =>
        acting(input, async (acted) => {
          const revoked = await revokeToken(context, acted)
          return revoked.ok ? done(replicationOf(revoked.value)) : revoked
        }),
      ),
      revokeAll: operation(ON_ACCOUNT, (input) => acting(input, (acted) => revokeAllTokens(context, acted))),
    },
    sessions: {
      list: operation(LIST_OF_ACCOUNT, async (input) => {
        const { items, ...page } = await listSessions(context, onAccountOf(input))
        return done({ ...page, items: items.map(infoOf) })
      }),
      end: operation(SESSION_TO_END, ({ handle, by }) =>
        actingAs(by, async (actor) => {
          const key = parseHandle(handle)
          const ended = key ? await endSession(context, { key, by: actor }) : refused('session_not_found')
          return ended.ok ? done(replicationOf(ended.value)) : ended
        }),
      ),
    },
    standing: {
      ban: operation(BAN, (input) => acting(input, (acted) => banAccount(context, acted))),
      unban: operation(ON_ACCOUNT, (input) => acting(input, (acted) => unbanAccount(context, acted))),
      forceLogout: operation(FORCED_LOGOUT, (input) => acting(input, (acted) => forceLogout(context, acted))),
      signOutEverywhere: operation(ON_ACCOUNT, (input) =>
        acting(input, (acted) => signOutEverywhere(context, acted)),
      ),
    },
    store: {
      acceptLoss: operation(BY, ({ by }) => actingAs(by, (actor) => acceptLoss(context, { by: actor }))),
    },
    audit: {
      async list(query) {
        requireInput(query, PAGE)
        return listAudit(context, query)
      },
      verify: () => verifyAudit(context),
      prune: operation(BY, ({ by }) => actingAs(by, (actor) => pruneAudit(context, { by: actor }))),
    },
  }
}

/** Lists answer no refusals: what they cannot do they reject. */
function requireInput<I extends object>(input: I, table: InputTable<I>): void {
  const problems = problemsOfInput(input, table)
  if (problems.length > 0) throw new RangeError(problems.join('; '))
}

export function infoOf(session: Session): SessionInfo {
  const { idToken: _idToken, key, generation: _generation, providerSessionId: _sid, ...rest } = session
  return { ...rest, handle: handleOf(key) }
}
