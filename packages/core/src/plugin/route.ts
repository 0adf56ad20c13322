import type { Identity } from '../authentication/identity.js'
import type { Actor, RequestTrace } from '../authorization/actor.js'
import type { Denial } from '../errors/denial.js'
import type { Problem } from '../errors/problem.js'
import type { StandardSchema } from '../input/standard-schema.js'
import type { RateLimitKind } from '../rate-limit/limits.js'
import type { RequestView } from '../request/view.js'

/**
 * Checks what a route is sent, and describes it in the OpenAPI document: a Standard Schema v1 that can say itself as a JSON
 * Schema (https://standardschema.dev/json-schema), as those of zod 4.2 and later can.
 */
export interface RouteSchema<Output = unknown> {
  readonly '~standard': StandardSchema<Output>['~standard'] & {
    readonly jsonSchema: {
      readonly input: (options: {
        readonly target: 'draft-2020-12'
        readonly libraryOptions?: Record<string, unknown>
      }) => Record<string, unknown>
    }
  }
}

/** What a schema makes of what it accepts. */
export type OutputOf<Schema extends RouteSchema> = NonNullable<Schema['~standard']['types']>['output']

/** Access that takes somebody with an account; all of it passes the judge first. */
export type AccountAccess = 'identified' | 'person' | 'bearer' | 'account' | 'admin' | 'super_admin'

/**
 * Access by a secret that opens nothing else, such as that of a directory. Whoever passes has no identity; what fails counts
 * as a guess, by address: by codes of the plugin unless their text says otherwise.
 */
export interface OwnAccess {
  /** Name of its security scheme in the OpenAPI document. */
  readonly name: string
  readonly description: string
  /** Why this request may not pass; undefined for the one who may. */
  readonly refuse: (view: RequestView) => Denial | undefined
}

/**
 * Who may call a route. `identified`: whoever the gate lets in. `person`: a browser session. `bearer`: a token of this gate,
 * whatever its scope. `account`: a session, or a token or API key with scope `tokens:write`. `admin` and `super_admin`: an
 * account of that role, with a session or with scope `admin`.
 */
export type Access = 'public' | AccountAccess | OwnAccess

/** A form of errors that a protocol asks for, in place of RFC 9457. */
export interface ErrorForm {
  /** Name of its schema in the OpenAPI document. */
  readonly name: string
  /** Media type of its errors, and of what its routes take and give. */
  readonly mediaType: string
  /** Media types of bodies. Default: `application/json`. */
  readonly accepts?: readonly string[]
  /** JSON Schema of an error. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly answer: (problem: Problem) => Response
}

/** What a handler is given: everything of the request that was checked already. */
export interface RouteCall<Query = unknown, Body = unknown, Who = Identity | undefined> {
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
    call: RouteCall<Query, Body, undefined>,
  ) => ProvenCaller | undefined | Promise<ProvenCaller | undefined>
}

/** What mounting, documenting and testing a route needs, its handler apart. */
export interface RouteDescription {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Parameters in braces: `/billing/invoices/{invoice_id}`. Everything below what stands before the first is the gate's. */
  readonly path: string
  readonly access: Access
  readonly summary: string
  readonly query?: RouteSchema
  /** Of a JSON object of at most 64 KiB. */
  readonly body?: RouteSchema
  /** In place of `body`: `application/x-www-form-urlencoded`, as OAuth and HTML forms send it. */
  readonly form?: RouteSchema
  /** `oauth`: errors have the form of RFC 6749 §5.2. Default: RFC 9457. */
  readonly errors?: 'oauth' | ErrorForm
  readonly answer?: RouteSchema
  /** Media type of success. Default: JSON of the route's kind where it has an `answer`. */
  readonly media?: 'text/html' | 'application/jwk-set+json'
  /** Headers of success that say something of their own: name → what. */
  readonly headers?: Readonly<Record<string, string>>
  /** Further answers that are no errors, by status. */
  readonly otherwise?: Readonly<
    Record<number, Pick<RouteDescription, 'answer' | 'media'> & { description: string }>
  >
  /** How OAuth clients, which a public route does not identify, may prove themselves there. */
  readonly clients?: 'client' | 'client_or_admin'
  /** A public route has one, or says why it needs none. */
  readonly limit?: RouteLimit
  readonly unlimitedBecause?: string
  /** Takes the header `Idempotency-Key`; the handler sees to it that what is sent again creates nothing twice. */
  readonly idempotent?: boolean
  /** Status of success. Default 200. */
  readonly status?: number
}

/** A route of a plugin: its line in the gate's one table of routes. */
export interface Route extends RouteDescription {
  /**
   * Answers whoever is refused before the handler is reached, in place of the usual problem or login; undefined leaves it at
   * that.
   */
  readonly refusal?: (call: Pick<RouteCall, 'view' | 'url'>, refused: Denial) => Response | undefined

  /**
   * Answers a call that has passed. A denial is answered in the form of the route's errors. Where the response does not say
   * otherwise, it is neither cached nor sniffed.
   */
  readonly handle: (call: RouteCall) => Promise<Response | Denial>
}

export interface TypedRoute<Query extends RouteSchema, Body extends RouteSchema, Caller extends Access>
  extends Omit<Route, 'query' | 'body' | 'form' | 'handle' | 'access' | 'limit'> {
  readonly access: Caller
  readonly query?: Query
  readonly body?: Body
  readonly form?: Body
  readonly limit?: RouteLimit<OutputOf<Query>, OutputOf<Body>>
  readonly handle: (
    call: RouteCall<OutputOf<Query>, OutputOf<Body>, Caller extends AccountAccess ? Identity : undefined>,
  ) => Promise<Response | Denial>
}

/** A route whose handler knows the types of its query, its body and its caller. */
export function defineRoute<
  Caller extends Access,
  Query extends RouteSchema = RouteSchema,
  Body extends RouteSchema = RouteSchema,
>(definition: TypedRoute<Query, Body, Caller>): Route {
  return definition as unknown as Route
}
