import type { z } from 'zod'
import type { RecentUses } from '../activity/touch.js'
import type { Identity, RequestView } from '../decision.js'
import type { Deps } from '../deps.js'

/**
 * Who may call a route. `identified`: whoever the gate lets in. `account`: a session, or a token with scope `tokens:write`. `admin` and `super_admin`: an
 * account of that role, with a session or a token with scope `admin`.
 */
export type Access = 'public' | 'identified' | 'account' | 'admin' | 'super_admin'

export interface RouteContext<Query = unknown, Body = unknown, Who = Identity | undefined> {
  readonly deps: Deps
  readonly recent: RecentUses
  readonly request: Request
  readonly view: RequestView
  readonly url: URL
  /** Undefined on public routes. */
  readonly identity: Who
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
}

/** One line of the route table: everything that mounting, documenting and testing a route needs. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Parameters in braces: `/api/admin/tokens/{token_id}`. */
  readonly path: string
  readonly access: Access
  readonly summary: string
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly answer?: z.ZodType
  /** Status of success. Default 200. */
  readonly status?: number
  readonly handle: (context: RouteContext) => Promise<Response>
}

interface TypedRoute<Q extends z.ZodType, B extends z.ZodType, A extends Access>
  extends Omit<Route, 'query' | 'body' | 'handle' | 'access'> {
  readonly access: A
  readonly query?: Q
  readonly body?: B
  readonly handle: (
    context: RouteContext<z.output<Q>, z.output<B>, A extends 'public' ? undefined : Identity>,
  ) => Promise<Response>
}

/** A route whose handler knows the types of its query, its body and its caller. */
export function route<A extends Access, Q extends z.ZodType = z.ZodType, B extends z.ZodType = z.ZodType>(
  definition: TypedRoute<Q, B, A>,
): Route {
  return definition as unknown as Route
}
