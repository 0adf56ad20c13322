import { resumePruning } from '../accounts/prune-ended.js'
import { keepRetention } from '../audit/retention.js'
import { authenticate } from '../authentication/authenticate.js'
import { stillAllowed } from '../authentication/still-allowed.js'
import { isIdentity } from '../authorization/actor.js'
import type { GateOptions, ResolvedOptions } from '../context/options.js'
import { isDenial } from '../errors/denials.js'
import { InputError } from '../errors/input-error.js'
import { answerProblem, type Problem, problemOfDenial, problemOfError } from '../errors/problem.js'
import type { RequestView } from '../request/view.js'
import { bindDeps } from './bind-context.js'
import type { Gate } from './gate.js'
import { bindVerbs } from './operations.js'
import { isOwnPath } from './own-paths.js'
import { resolveOptions } from './resolve-options.js'
import { examineStore, requireSoundStore } from './store-monitor.js'

/**
 * Builds a gate. Rejects with `configuration_invalid` that names every problem at once, also when the store holds the
 * records of a gate with another secret.
 */
export async function createGate(options: GateOptions): Promise<Gate> {
  const deps = await bindDeps(resolveOptions(options))
  await requireSoundStore(deps)
  const stopExamining = examineStore(deps)
  const stopRetention = keepRetention(deps)
  const stopResuming = resumePruning(deps)
  const { pages, problems, publicUrl } = deps.options
  let routes: Promise<Pick<Gate, 'handle'>> | undefined
  const loadRoutes = () => {
    routes ??= import('../http/router.js').then(({ createRoutes }) => createRoutes(deps))
    return routes
  }

  function refuse(cause: unknown, path: string): Response {
    const problem = withMetadata(
      isDenial(cause) ? problemOfDenial(cause) : problemOfError(cause),
      deps.options,
    )
    // A denial is what a client did, whatever its status: 501 and 505 are denials too.
    if (!isDenial(cause) && problem.status >= 500)
      deps.strangers.report({
        level: 'error',
        code: problem.code,
        detail: 'A request could not be served',
        cause,
      })
    const { status, headers, body } = answerProblem(problem, path, problems)
    return new Response(body, { status, headers })
  }

  return {
    ...bindVerbs(deps),
    publicUrl,
    scopes: Object.freeze(Object.keys(deps.options.scopes)),
    problems,
    clock: deps.clock,
    report: deps.report,
    owns(path) {
      if (typeof path !== 'string') throw new InputError(['path: give a text'])
      return isOwnPath(path) || pages.some((page) => page.owns(path))
    },
    async authenticate(view) {
      if (!isRequestView(view)) throw new InputError(['view: give { method, target, rawHeaders }'])
      return authenticate(deps, view)
    },
    async handle(request, peer) {
      try {
        return await (await loadRoutes()).handle(request, peer)
      } catch (cause) {
        return refuse(cause, '')
      }
    },
    refuse,
    stillAllowed: async (identity) => isIdentity(identity) && stillAllowed(deps, identity),
    async close() {
      stopExamining()
      deps.trustedIssuers.close()
      await stopRetention()
      await stopResuming()
      await deps.pruning.close()
      await deps.auditQueue.close()
      deps.strangers.close()
      await deps.store.close()
    },
  }
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
