import type { GateContext } from '../context/context.js'
import type { Pages } from '../context/options.js'
import { type Denial, isDenial } from '../errors/denial.js'
import { problemOfDenial } from '../errors/problem.js'
import { isolatePages } from '../gate/isolate-hooks.js'
import type { RunningPlugin } from '../plugin/plugin.js'
import type { Route as PluginRoute, RouteCall } from '../plugin/route.js'
import { refuse } from './answers/answer.js'
import { oauthRefusal } from './answers/oauth-error.js'
import type { Route, RouteContext } from './route.js'

/** The routes of one plugin, as the table takes them. */
export interface PluginRoutes {
  readonly by: string
  readonly namespaces: readonly string[]
  readonly routes: readonly Route[]
  readonly pages: readonly Pages[]
}

export async function routesOfPlugin({ plugin, started }: RunningPlugin): Promise<PluginRoutes> {
  const { routes = [], pages = [] } = started
  const own = typeof routes === 'function' ? await routes() : routes
  return {
    by: plugin.name,
    namespaces: plugin.namespaces ?? [],
    routes: own.map(mounted),
    pages: pages.map(isolatePages),
  }
}

/** A plugin's route with what its handler sees cut to the contract, and what it leaves out of its answers put in. */
function mounted(route: PluginRoute): Route {
  const { limit, handle, refusal, ...description } = route
  const callerOf = limit?.callerOf
  return {
    ...description,
    ...(limit && {
      limit: {
        kind: limit.kind,
        counts: limit.counts,
        ...(callerOf && {
          callerOf: (context: RouteContext<unknown, unknown, undefined>) => callerOf(callOf(context)),
        }),
      },
    }),
    ...(refusal && {
      refusal: (_deps: GateContext, { view, url }: Pick<RouteCall, 'view' | 'url'>, refused: Denial) =>
        refusal({ view, url }, refused),
    }),
    async handle(context) {
      const answer = await handle(callOf(context))
      if (isDenial(answer)) return refusalOf(route, answer)
      if (!(answer instanceof Response))
        throw new TypeError(`${route.method} ${route.path} answers a Response or a denial`)
      return withDefaults(answer)
    },
  }
}

/** What the contract promises of a context, and nothing of what core's own handlers have beside it. */
function callOf<Who>(context: RouteContext<unknown, unknown, Who>): RouteCall<unknown, unknown, Who> {
  const { request, view, url, address, identity, actor, trace, idempotencyKey, params, query, body } = context
  const call = { request, view, url, address, identity, actor, trace, params, query, body }
  return idempotencyKey === undefined ? call : { ...call, idempotencyKey }
}

function refusalOf({ errors }: PluginRoute, denial: Denial): Response {
  if (errors === 'oauth') return oauthRefusal(denial)
  return errors ? errors.answer(problemOfDenial(denial)) : refuse(denial)
}

const DEFAULTS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

function withDefaults(response: Response): Response {
  const missing = Object.entries(DEFAULTS).filter(([name]) => !response.headers.has(name))
  if (missing.length === 0) return response
  const headers = new Headers(response.headers)
  for (const [name, value] of missing) headers.set(name, value)
  return new Response(response.body, { status: response.status, headers })
}
