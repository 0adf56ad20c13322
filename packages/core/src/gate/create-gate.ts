import { resumePruning } from '../accounts/prune-ended.js'
import { keepRetention } from '../audit/retention.js'
import { authenticate } from '../authentication/authenticate.js'
import { stillAllowed } from '../authentication/still-allowed.js'
import { isIdentity } from '../authorization/actor.js'
import type { Pages, ResolvedOptions } from '../context/options.js'
import { isDenial } from '../errors/denial.js'
import { InputError } from '../errors/input-error.js'
import { answerProblem, type Problem, problemOfDenial, problemOfError } from '../errors/problem.js'
import type { Plugin, PluginApis } from '../plugin/plugin.js'
import type { RequestView } from '../request/view.js'
import { bindContext } from './bind-context.js'
import { credentialHeadersOf } from './credential-kinds.js'
import type { Gate } from './gate.js'
import type { GateOptions } from './gate-options.js'
import { bindOperations } from './operations.js'
import { resolveOptions } from './resolve-options.js'
import { startPlugins } from './start-plugins.js'
import { examineStore, requireSoundStore } from './store-monitor.js'

/**
 * Builds a gate, with what its plugins add under their names: `gate.billing`. Rejects with `configuration_invalid` that
 * names every problem at once, also when the store holds the records of a gate with another secret.
 */
export async function createGate<const Plugins extends readonly Plugin[] = readonly []>(
  options: GateOptions<Plugins>,
): Promise<Gate & PluginApis<Plugins>> {
  const context = await bindContext(resolveOptions(options))
  await requireSoundStore(context)
  const operations = bindOperations(context)
  const plugins = await startPlugins(context, operations, options.plugins ?? [])
  const { loadRoutes } = await import('../http/load-routes.js')
  const { table, handle } = await loadRoutes(context, plugins.running).catch(async (error: unknown) => {
    await plugins.close()
    throw error
  })
  const isOwn = ownedPaths(table)
  const stopExamining = examineStore(context)
  const stopRetention = keepRetention(context)
  const stopResuming = resumePruning(context)
  const { problems, publicUrl } = context.options

  function refuse(cause: unknown, path: string): Response {
    const problem = withMetadata(
      isDenial(cause) ? problemOfDenial(cause) : problemOfError(cause),
      context.options,
    )
    // A denial is what a client did, whatever its status: 501 and 505 are denials too.
    if (!isDenial(cause) && problem.status >= 500)
      context.strangers.report({
        level: 'error',
        code: problem.code,
        detail: 'A request could not be served',
        cause,
      })
    const { status, headers, body } = answerProblem(problem, path, problems)
    return new Response(body, { status, headers })
  }

  const gate: Gate = {
    ...operations,
    publicUrl,
    scopes: Object.freeze(Object.keys(context.options.scopes)),
    problems,
    credentialHeaders: credentialHeadersOf(context.credentialKinds),
    admissions: plugins.admissions,
    clock: context.clock,
    report: context.report,
    owns(path) {
      if (typeof path !== 'string') throw new InputError(['path: give a text'])
      return isOwn(path)
    },
    authenticate(view) {
      if (isRequestView(view)) return authenticate(context, view)
      return Promise.reject(new InputError(['view: give { method, target, rawHeaders }']))
    },
    jobs: plugins.jobs,
    metrics: plugins.metrics,
    handle: (request, peer) => handle(request, peer).catch((cause: unknown) => refuse(cause, '')),
    refuse,
    stillAllowed: async (identity) => isIdentity(identity) && stillAllowed(context, identity),
    async close() {
      stopExamining()
      await stopRetention()
      await stopResuming()
      await plugins.close()
      await context.pruning.close()
      await context.auditQueue.close()
      context.strangers.close()
      await context.store.close()
    },
  }
  // What a plugin adds is read from the list; that the list is what was started, the type cannot know.
  return { ...plugins.apis, ...gate } as Gate & PluginApis<Plugins>
}

/** What of the table of routes tells which paths are the gate's. */
interface OwnedTable {
  readonly routes: readonly { readonly path: string }[]
  readonly namespaces: readonly string[]
  readonly pages: readonly Pick<Pages, 'owns'>[]
}

/**
 * Tells whether a path is one that the gate answers itself: that of a route, one below the fixed part of a route with
 * parameters, one in a namespace, or that of a page. Synchronous, and as fast as a set and a few prefixes are.
 */
export function ownedPaths({ routes, namespaces, pages }: OwnedTable): (path: string) => boolean {
  const patterns = routes.map(({ path }) => path)
  const single = new Set(patterns.filter((pattern) => !pattern.includes('{')))
  const below = [...namespaces, ...patterns.filter((pattern) => pattern.includes('{')).map(fixedPart)]
  const prefixes = [...new Set(below)].filter((prefix, _, all) => !isBelowAnother(prefix, all))
  return (path) =>
    single.has(path) ||
    prefixes.some((prefix) => path.startsWith(prefix)) ||
    pages.some((page) => page.owns(path))
}

/** What stands before the first parameter. */
function fixedPart(pattern: string): string {
  return pattern.slice(0, pattern.indexOf('{'))
}

function isBelowAnother(prefix: string, all: readonly string[]): boolean {
  return all.some((other) => other !== prefix && prefix.startsWith(other))
}

function isRequestView(view: unknown): view is RequestView {
  const { method, target, rawHeaders } = (view ?? {}) as Partial<RequestView>
  return typeof method === 'string' && typeof target === 'string' && Array.isArray(rawHeaders)
}

/** Tells a program that has no credential yet where it learns how to get one (RFC 9728 §5.1), and for which scope. */
function withMetadata(
  problem: Problem,
  { publicUrl, requiredScope }: Pick<ResolvedOptions, 'publicUrl' | 'requiredScope'>,
): Problem {
  if (problem.status !== 401 || problem.challenge === undefined) return problem
  const metadata = `${publicUrl}/.well-known/oauth-protected-resource`
  const challenge = `${problem.challenge}, scope="${requiredScope}", resource_metadata="${metadata}"`
  return { ...problem, challenge }
}
