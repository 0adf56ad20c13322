import { createHash } from 'node:crypto'
import { actorByExchange, type RequestTrace } from '../authorization/actor.js'
import type { Deps } from '../deps.js'
import { type Outcome, refused } from '../outcome.js'
import { scopesOf } from '../scopes.js'
import type { JsonValue, RecordKey } from '../store/store.js'
import type { OAuthClient } from './clients.js'
import type { GrantedTokens } from './granted.js'
import { startFamily } from './start-family.js'

/** Codes are in one partition: they live a minute. */
const CODES = 'authorization-codes'
const LIFETIME_MS = 60_000

/** What somebody has consented to. */
export interface Authorization {
  readonly clientId: string
  readonly redirectUri: string
  /** RFC 7636 §4.2, S256. */
  readonly codeChallenge: string
  readonly scopes: readonly string[]
  readonly account: string
}

/** A code for the client to redeem within a minute (RFC 6749 §4.1.2). */
export async function issueCode(deps: Deps, authorization: Authorization): Promise<string> {
  const code = deps.randomId(32)
  await deps.store.commit(CODES, {
    quiet: true,
    writes: [
      {
        put: codeRecordKey(code),
        value: { ...authorization } as unknown as JsonValue,
        expiresAt: deps.clock() + LIFETIME_MS,
      },
    ],
  })
  return code
}

/**
 * Redeems a code, once, for whoever asked for it and knows the verifier (RFC 6749 §4.1.3, RFC 7636 §4.6). Refused with
 * `grant_invalid`, `account_banned` or `scope_insufficient`.
 */
export async function redeemCode(
  deps: Deps,
  input: {
    code: string
    redirectUri: string | undefined
    codeVerifier: string
    client: OAuthClient
    trace?: RequestTrace
  },
): Promise<Outcome<GrantedTokens>> {
  const key = codeRecordKey(input.code)
  const [stored] = await deps.store.read(CODES, [key])
  if (!stored) return refused('grant_invalid')
  const authorization = stored.value as unknown as Authorization
  const isTheirs =
    authorization.clientId === input.client.id &&
    authorization.redirectUri === input.redirectUri &&
    authorization.codeChallenge === challengeOf(input.codeVerifier)
  if (!isTheirs) return refused('grant_invalid')
  const spent = await deps.store.commit(CODES, {
    quiet: true,
    checks: [{ key, version: stored.version }],
    writes: [{ delete: key }],
  })
  if (!spent.committed) return refused('grant_invalid')
  const { account, scopes } = authorization
  const grantable = scopesOf(deps, deps.roleOf(account))
  const by = actorByExchange(deps, account, 'authorization_code', input.trace)
  return startFamily(deps, { account, by, client: input.client, scopes, grantable })
}

/** Only a hash is stored. */
function codeRecordKey(code: string): RecordKey {
  return { collection: 'codes', id: createHash('sha256').update(code).digest('base64url') }
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
