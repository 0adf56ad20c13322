import { z } from 'zod'
import type { Identity } from '../authentication/identity.js'
import type { GateContext } from '../context/context.js'
import type { Denial } from '../errors/denial.js'
import type { Outcome } from '../errors/outcome.js'
import type {
  Access,
  AccountAccess,
  OutputOf,
  ProvenCaller,
  RouteCall,
  RouteDescription,
  RouteLimit,
  RouteSchema,
} from '../plugin/route.js'
import type { RequestView } from '../request/view.js'

/** What a handler of core's own is given beside the call. */
export interface RouteContext<Query = unknown, Body = unknown, Who = Identity | undefined>
  extends RouteCall<Query, Body, Who> {
  readonly gate: GateContext
}

/** As `RouteLimit`, of a route of core's own. */
export interface Limit<Query = unknown, Body = unknown> extends Omit<RouteLimit, 'callerOf'> {
  readonly callerOf?: (
    context: RouteContext<Query, Body, undefined>,
  ) => ProvenCaller | undefined | Promise<ProvenCaller | undefined>
}

/** One line of the route table: everything that mounting, documenting and testing a route needs. */
export interface Route extends Omit<RouteDescription, 'limit'> {
  /** A public route has one, or says why it needs none. */
  readonly limit?: Limit
  /** What the caller is judged by instead of the request itself. */
  readonly judgedBy?: (context: GateContext, view: RequestView) => Outcome<RequestView>
  /** Answers whoever is refused, in place of the usual problem or login, which undefined leaves it at. */
  readonly refusal?: (
    context: GateContext,
    call: { view: RequestView; url: URL },
    refused: Denial,
  ) => Response | undefined
  readonly handle: (context: RouteContext) => Promise<Response>
}

interface TypedRoute<Q extends RouteSchema, B extends RouteSchema, A extends Access>
  extends Omit<Route, 'query' | 'body' | 'form' | 'handle' | 'access' | 'limit'> {
  readonly access: A
  readonly query?: Q
  readonly body?: B
  readonly form?: B
  readonly limit?: Limit<OutputOf<Q>, OutputOf<B>>
  readonly handle: (
    context: RouteContext<OutputOf<Q>, OutputOf<B>, A extends AccountAccess ? Identity : undefined>,
  ) => Promise<Response>
}

/**
 * A route whose handler knows the types of its query, its body and its caller. Below `/api/` members and parameters that
 * the route does not know are refused: a misspelt `duration_seconds` would be the default. OAuth and SCIM have clients ignored
 * for what they add (RFC 6749 §3.1 and §3.2, RFC 7644 §3.3).
 */
export function route<
  A extends Access,
  Q extends RouteSchema = RouteSchema,
  B extends RouteSchema = RouteSchema,
>(definition: TypedRoute<Q, B, A>): Route {
  const made = definition as unknown as Route
  if (!made.path.startsWith('/api/')) return made
  return { ...made, query: strict(made.query ?? z.object({})), ...(made.body && { body: strict(made.body) }) }
}

function strict(schema: RouteSchema): RouteSchema {
  return schema instanceof z.ZodObject ? schema.strict() : schema
}

/** How a kind of access is called in the document and in tables. */
export function nameOfAccess(access: Access): string {
  return typeof access === 'string' ? access : access.name
}
