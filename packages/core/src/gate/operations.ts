import type { Listed, ListQuery } from '../account-index/account-index.js'
import { canonicalAccount } from '../accounts/account-id.js'
import { type BanRequest, type BanResult, banAccount } from '../accounts/ban.js'
import {
  type EndedSessions,
  type ForcedLogout,
  forceLogout,
  signOutEverywhere,
} from '../accounts/force-logout.js'
import { unbanAccount } from '../accounts/unban.js'
import type { CreatedApiKey } from '../api-keys/add.js'
import { type ApiKeyToCreate, createApiKey } from '../api-keys/create.js'
import type { ApiKeyInfo } from '../api-keys/key.js'
import { listApiKeys } from '../api-keys/list.js'
import { revokeApiKey } from '../api-keys/revoke.js'
import { type KeyToRotate, rotateApiKey } from '../api-keys/rotate.js'
import type { AuditEntry } from '../audit/entry.js'
import { listAudit } from '../audit/list.js'
import { type PrunedAudit, pruneAudit } from '../audit/prune.js'
import { type AuditVerification, verifyAudit } from '../audit/verify.js'
import {
  type Acted,
  type Actor,
  type ActsFor,
  actorFor,
  isIdentity,
  UNNAMED_PROGRAM,
} from '../authorization/actor.js'
import { type ScopeWish, scopesToHandOn } from '../authorization/scopes.js'
import type { Deps } from '../context/context.js'
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
  ACCOUNT,
  API_KEY_TO_CREATE,
  BAN,
  BY,
  FORCED_LOGOUT,
  type InputTable,
  KEY_TO_ROTATE,
  LIST_OF_ACCOUNT,
  LIST_OF_ALL,
  ON_ACCOUNT,
  ONE_OF_ACCOUNT,
  operation,
  PAGE,
  problemsOfInput,
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
export interface GateVerbs {
  readonly tokens: {
    issue(input: TokenToIssueOnce): Promise<Outcome<IssuedToken>>
    list(input: ListQuery & { account: string }): Promise<Outcome<Listed<TokenInfo>>>
    listAll(input: ListQuery & TokenFilter): Promise<Listed<TokenInfo>>
    revoke(input: { account: string; id: string; by: ActsFor }): Promise<Outcome<Replicated>>
    revokeAll(input: { account: string; by: ActsFor }): Promise<Outcome<RevokedTokens>>
  }
  readonly apiKeys: {
    create(input: ApiKeyToCreate): Promise<Outcome<CreatedApiKey>>
    /** Those that work, newest first. */
    list(input: { account: string }): Promise<Outcome<readonly ApiKeyInfo[]>>
    /** The old key goes on for `overlapSeconds`, 0 to 2592000, default 3600. */
    rotate(input: KeyToRotate): Promise<Outcome<CreatedApiKey>>
    revoke(input: { account: string; id: string; by: ActsFor }): Promise<Outcome<Replicated>>
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

export function bindVerbs(deps: Deps): GateVerbs {
  return {
    tokens: {
      issue: operation(TOKEN_TO_ISSUE, (input) =>
        acting(handingOn(deps, bySomebody(input)), (acted) => issueTokenOnce(deps, acted)),
      ),
      list: operation(LIST_OF_ACCOUNT, async (input) => done(await listTokens(deps, onAccountOf(input)))),
      async listAll(input) {
        requireInput(input, LIST_OF_ALL)
        return listAllTokens(deps, input)
      },
      revoke: operation(ONE_OF_ACCOUNT, (input) =>
        acting(input, async (acted) => {
          const revoked = await revokeToken(deps, acted)
          return revoked.ok ? done(replicationOf(revoked.value)) : revoked
        }),
      ),
      revokeAll: operation(ON_ACCOUNT, (input) => acting(input, (acted) => revokeAllTokens(deps, acted))),
    },
    apiKeys: {
      create: operation(API_KEY_TO_CREATE, (input) =>
        acting(handingOn(deps, bySomebody(input)), (acted) => createApiKey(deps, acted)),
      ),
      list: operation(ACCOUNT, async (input) => done(await listApiKeys(deps, onAccountOf(input)))),
      rotate: operation(KEY_TO_ROTATE, (input) =>
        acting(handingOn(deps, input), (acted) => rotateApiKey(deps, acted)),
      ),
      revoke: operation(ONE_OF_ACCOUNT, (input) => acting(input, (acted) => revokeApiKey(deps, acted))),
    },
    sessions: {
      list: operation(LIST_OF_ACCOUNT, async (input) => {
        const { items, ...page } = await listSessions(deps, onAccountOf(input))
        return done({ ...page, items: items.map(infoOf) })
      }),
      end: operation(SESSION_TO_END, ({ handle, by }) =>
        actingAs(by, async (actor) => {
          const key = parseHandle(handle)
          const ended = key ? await endSession(deps, { key, by: actor }) : refused('session_not_found')
          return ended.ok ? done(replicationOf(ended.value)) : ended
        }),
      ),
    },
    standing: {
      ban: operation(BAN, (input) => acting(input, (acted) => banAccount(deps, acted))),
      unban: operation(ON_ACCOUNT, (input) => acting(input, (acted) => unbanAccount(deps, acted))),
      forceLogout: operation(FORCED_LOGOUT, (input) => acting(input, (acted) => forceLogout(deps, acted))),
      signOutEverywhere: operation(ON_ACCOUNT, (input) =>
        acting(input, (acted) => signOutEverywhere(deps, acted)),
      ),
    },
    store: {
      acceptLoss: operation(BY, ({ by }) => actingAs(by, (actor) => acceptLoss(deps, { by: actor }))),
    },
    audit: {
      async list(query) {
        requireInput(query, PAGE)
        return listAudit(deps, query)
      },
      verify: () => verifyAudit(deps),
      prune: operation(BY, ({ by }) => actingAs(by, (actor) => pruneAudit(deps, { by: actor }))),
    },
  }
}

/** Canonicalises the account that a verb acts on, so that no spelling of it slips past a ban. */
function onAccountOf<I extends { readonly account: string }>(input: I): I {
  const account = canonicalAccount(input.account)
  if (account === undefined) throw new TypeError('not an account')
  return { ...input, account }
}

/** As `onAccountOf`, and makes `by` the actor that it stands for. */
function acting<I extends { readonly account: string; readonly by?: ActsFor }, T>(
  input: I,
  act: (input: Acted<I>) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  return actingAs(input.by, (by) => act({ ...onAccountOf(input), by }))
}

async function actingAs<T>(
  by: ActsFor | undefined,
  act: (actor: Actor) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const actor = actorFor(by)
  return actor.ok ? act(actor.value) : actor
}

/** What a program hands out without saying in whose name, it hands out in its own. */
function bySomebody<I extends { readonly by?: ActsFor }>(input: I): I {
  return 'by' in input ? input : { ...input, by: UNNAMED_PROGRAM }
}

/** Lists answer no refusals: what they cannot do they reject. */
function requireInput<I extends object>(input: I, table: InputTable<I>): void {
  const problems = problemsOfInput(input, table)
  if (problems.length > 0) throw new RangeError(problems.join('; '))
}

/** An identity hands on no scope beyond its own. */
function handingOn<I extends Pick<ScopeWish, 'grantable'> & { readonly by?: ActsFor }>(
  deps: Deps,
  input: I,
): I {
  const { by, grantable } = input
  if (!isIdentity(by)) return input
  const own = scopesToHandOn(deps, by)
  return { ...input, grantable: grantable ? grantable.filter((scope) => own.includes(scope)) : own }
}

function infoOf(session: Session): SessionInfo {
  const { idToken: _idToken, key, generation: _generation, providerSessionId: _sid, ...rest } = session
  return { ...rest, handle: handleOf(key) }
}
