import { z } from 'zod'
import type { Identity } from '../authentication/identity.js'
import type { Actor, RequestTrace } from '../authorization/actor.js'
import type { Deps } from '../context/context.js'
import type { Denial } from '../errors/denials.js'
import type { Outcome } from '../errors/outcome.js'
import type { OwnPath } from '../gate/own-paths.js'
import type { RateLimitKind } from '../rate-limit/limits.js'
import type { RequestView } from '../request/view.js'

/**
 * Who may call a route. `identified`: whoever the gate lets in. `person`: a browser session. `bearer`: a token of this gate, whatever its
 * scope. `account`: a session, or a
 * token or API key with scope `tokens:write`. `admin` and `super_admin`: an account of that role, with a session or with
 * scope `admin`. `scim`: the directory, by its own secret, which opens nothing else.
 */
export type Access = 'public' | 'scim' | AccountAccess

/** Access that takes somebody with an account. */
export type AccountAccess = 'identified' | 'person' | 'bearer' | 'account' | 'admin' | 'super_admin'

export interface RouteContext<Query = unknown, Body = unknown, Who = Identity | undefined> {
  readonly deps: Deps
  readonly request: Request
  readonly view: RequestView
  readonly url: URL
  /** The client's, as `clientAddress` says; undefined where nothing is known of it. */
  readonly address: string | undefined
  /** Undefined on routes that take no account. */
  readonly identity: Who
  /** Who calls, as operations take it; undefined on routes that take no account. */
  readonly actor: Who extends Identity ? Actor : undefined
  readonly trace: RequestTrace
  /** Only on routes that are `idempotent`, when it was sent. */
  readonly idempotencyKey?: string
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
}

/** Who calls, proven by what was sent, where nobody is logged in: counted as themselves rather than by address. */
export interface ProvenCaller {
  readonly kind: RateLimitKind
  readonly client: string
  /** Whether it asks for what somebody has yet to approve. */
  readonly isWaiting?: boolean
}

/**
 * How often a route may be called: by account where it takes one, else by whoever `callerOf` proves, else by address.
 */
export interface RouteLimit<Query = unknown, Body = unknown> {
  readonly kind: RateLimitKind
  /** By address: every call, before it does anything, or those that fail, so that a valid one always passes. */
  readonly counts: 'calls' | 'failures'
  readonly callerOf?: (
    context: RouteContext<Query, Body, undefined>,
  ) => ProvenCaller | undefined | Promise<ProvenCaller | undefined>
}

/** One line of the route table: everything that mounting, documenting and testing a route needs. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Parameters in braces: `/api/admin/tokens/{token_id}`. */
  readonly path: OwnPath
  readonly access: Access
  readonly summary: string
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** In place of `body`: `application/x-www-form-urlencoded`, as OAuth and HTML forms send it. */
  readonly form?: z.ZodType
  /** `oauth`: errors have the form of RFC 6749 §5.2; `scim`: of RFC 7644 §3.12. Default: RFC 9457. */
  readonly errors?: 'oauth' | 'scim'
  readonly answer?: z.ZodType
  /** Media type of success. Default: JSON of the route's kind where it has an `answer`. */
  readonly media?: 'text/html' | 'application/jwk-set+json'
  /** Headers of success that say something of their own: name → what. */
  readonly headers?: Readonly<Record<string, string>>
  /** Further answers that are no errors, by status. */
  readonly otherwise?: Readonly<Record<number, Pick<Route, 'answer' | 'media'> & { description: string }>>
  /** How OAuth clients, which a public route does not identify, may prove themselves there. */
  readonly clients?: 'client' | 'client_or_admin'
  /** A public route has one, or says why it needs none. */
  readonly limit?: RouteLimit
  readonly unlimitedBecause?: string
  /** Takes the header `Idempotency-Key`, so that a request that is sent again creates nothing twice. */
  readonly idempotent?: boolean
  /** Status of success. Default 200. */
  readonly status?: number
  /** What the caller is judged by instead of the request itself. */
  readonly judgedBy?: (deps: Deps, view: RequestView) => Outcome<RequestView>
  /** Answers whoever is refused, in place of the usual problem or login, which undefined leaves it at. */
  readonly refusal?: (
    deps: Deps,
    call: { view: RequestView; url: URL },
    refused: Denial,
  ) => Response | undefined
  readonly handle: (context: RouteContext) => Promise<Response>
}

interface TypedRoute<Q extends z.ZodType, B extends z.ZodType, A extends Access>
  extends Omit<Route, 'query' | 'body' | 'form' | 'handle' | 'access' | 'limit'> {
  readonly access: A
  readonly query?: Q
  readonly body?: B
  readonly form?: B
  readonly limit?: RouteLimit<z.output<Q>, z.output<B>>
  readonly handle: (
    context: RouteContext<z.output<Q>, z.output<B>, A extends AccountAccess ? Identity : undefined>,
  ) => Promise<Response>
}

/**
 * A route whose handler knows the types of its query, its body and its caller. Below `/api/` members and parameters that
 * the route does not know are refused: a misspelt `duration_seconds` would be the default. OAuth and SCIM have clients ignored
 * for what they add (RFC 6749 §3.1 and §3.2, RFC 7644 §3.3).
 */
export function route<A extends Access, Q extends z.ZodType = z.ZodType, B extends z.ZodType = z.ZodType>(
  definition: TypedRoute<Q, B, A>,
): Route {
  const made = definition as unknown as Route
  if (!made.path.startsWith('/api/')) return made
  return { ...made, query: strict(made.query ?? z.object({})), ...(made.body && { body: strict(made.body) }) }
}

function strict(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodObject ? schema.strict() : schema
}
