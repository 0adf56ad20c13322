import { z } from 'zod'
import type { Pages, ResolvedOptions } from '../context/options.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { json } from './answers/answer.js'
import { openApiDocument } from './openapi/openapi.js'
import type { DocumentedOptions } from './openapi/security.js'
import type { PluginRoutes } from './plugin-routes.js'
import { nameOfAccess, type Route, route } from './route.js'
import { auditRoutes } from './routes/admin-audit.js'
import { adminStandingRoutes } from './routes/admin-standing.js'
import { adminStoreRoutes } from './routes/admin-store.js'
import { adminTokenRoutes } from './routes/admin-tokens.js'
import { authRequestRoutes } from './routes/auth-request.js'
import { browserRoutes } from './routes/browser.js'
import { healthRoutes } from './routes/health.js'
import { metadataRoutes, protectedResourceRoute } from './routes/metadata.js'
import { tokenRoutes } from './routes/tokens.js'

/** The routes of a gate: what is mounted, documented, owned and tested. */
export interface RouteTable {
  readonly routes: readonly Route[]
  readonly pages: readonly Pages[]
  /** Below these the gate answers everything, also where no route is: a path that is mistyped must reach no upstream. */
  readonly namespaces: readonly string[]
}

const CORE_ROUTES: readonly Route[] = [
  ...browserRoutes,
  ...authRequestRoutes,
  ...tokenRoutes,
  ...adminTokenRoutes,
  ...adminStandingRoutes,
  ...adminStoreRoutes,
  ...auditRoutes,
  ...healthRoutes,
  ...metadataRoutes,
]

/** Below these the gate answers everything, also where no route is: a path that is mistyped must reach no upstream. */
const CORE_NAMESPACES = ['/oauth2/', '/api/token/', '/api/admin/', '/.well-known/portcullis/']

/**
 * The one table of a gate: core's routes and those of its plugins. Throws `configuration_invalid` that names every path that
 * two of them claim, and every route that is not sound.
 */
export function routeTable(
  options: ResolvedOptions & Pick<DocumentedOptions, 'kinds'>,
  plugins: readonly PluginRoutes[],
): RouteTable {
  const problems: string[] = []
  const claimed = [
    {
      by: 'the gate',
      routes: [
        ...CORE_ROUTES,
        protectedResourceRoute(options, () => routes),
        documentRoute(() => routes, options),
      ],
    },
    ...plugins,
  ]
  for (const { by, routes: own } of claimed.slice(1))
    for (const one of own) problems.push(...problemsOf(one).map((problem) => `${by}: ${problem}`))
  problems.push(...conflicts(claimed))
  for (const { by, namespaces } of plugins)
    for (const other of claimed.filter((one) => one.by !== by))
      for (const { path } of other.routes)
        for (const namespace of namespaces.filter((prefix) => path.startsWith(prefix)))
          problems.push(`plugins: ${other.by} claims the path ${path} in ${namespace} of ${by}`)
  if (problems.length > 0)
    throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join('; ')}`, {
      problems,
    })
  const routes: readonly Route[] = claimed.flatMap(({ routes: own }) => own)
  const namespaces = plugins.flatMap((plugin) => plugin.namespaces)
  const pages = [...options.pages, ...plugins.flatMap((plugin) => plugin.pages)]
  return { routes, pages, namespaces: [...CORE_NAMESPACES, ...namespaces] }
}

function documentRoute(routes: () => readonly Route[], options: DocumentedOptions): Route {
  let document: unknown
  return route({
    method: 'GET',
    path: '/openapi.json',
    access: 'public',
    summary: 'This document',
    answer: z.looseObject({ openapi: z.string() }),
    unlimitedBecause: 'It is made once',
    async handle() {
      document ??= openApiDocument(routes(), options)
      return json(document)
    },
  })
}

interface Claimed {
  readonly by: string
  readonly routes: readonly Route[]
}

/** Every two patterns of different owners that one path would match. */
function conflicts(claimed: readonly Claimed[]): readonly string[] {
  const all = claimed.flatMap(({ by, routes }) => routes.map(({ path }) => ({ by, path })))
  const problems = all.flatMap((one, at) =>
    all
      .slice(at + 1)
      .filter((other) => other.by !== one.by && overlap(one.path, other.path))
      .map((other) => `plugins: ${other.by} and ${one.by} both claim the path ${other.path}`),
  )
  return [...new Set(problems)]
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [one.split('/'), other.split('/')]
  return (
    a.length === b.length &&
    a.every((part, at) => part === b[at] || isParameter(part) || isParameter(b[at] ?? ''))
  )
}

const isParameter = (part: string) => part.startsWith('{')

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const NAMED_ACCESS = ['public', 'identified', 'person', 'bearer', 'account', 'admin', 'super_admin']
const PATH = /^(?:\/(?:[\w.~-]+|\{\w+\}))+$/

/** What is wrong with a route of a plugin: what it leaves out must not open it to anybody. */
function problemsOf({ method, path, access, limit, unlimitedBecause, handle }: Route): readonly string[] {
  const name = `the route ${method} ${path}`
  const knownAccess = typeof access === 'object' || NAMED_ACCESS.includes(access)
  return [
    ...(METHODS.includes(method) ? [] : [`${name} has no method that can be routed`]),
    ...(PATH.test(path) && !path.startsWith('/{') ? [] : [`${name} has no path that can be owned`]),
    ...(knownAccess ? [] : [`${name} does not say who may call it`]),
    ...(typeof access === 'object' && typeof access.refuse !== 'function'
      ? [`${name}: the access ${nameOfAccess(access)} refuses nobody`]
      : []),
    ...(access === 'public' && !limit && !unlimitedBecause
      ? [`${name} is public: give it a limit, or say why it needs none (unlimitedBecause)`]
      : []),
    ...(typeof handle === 'function' ? [] : [`${name} has no handler`]),
  ]
}
