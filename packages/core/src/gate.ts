import type { RecentUses } from './activity/touch.js'
import { keepRetention } from './audit/retention.js'
import { authenticate } from './authenticate.js'
import { bindDeps } from './bind.js'
import { type Decision, type Identity, isDenial, type RequestView } from './decision.js'
import { examineStore } from './examine-store.js'
import { type GateEvent, type GateOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { isOwnPath } from './own-paths.js'
import {
  answerProblem,
  type Problem,
  type ProblemRenderer,
  problemOfDenial,
  problemOfError,
} from './problem.js'
import { requireSoundStore } from './sound-store.js'
import { resumePruning } from './standing/prune-ended.js'
import { stillAllowed } from './still-allowed.js'
import type { Clock } from './store/store.js'
import { bindVerbs, type GateVerbs } from './verbs.js'

/** The gate: three methods for requests, the verbs for programs. */
export interface Gate extends GateVerbs {
  /** Whether the gate answers this path itself. `path` has no query. */
  owns(path: string): boolean
  /** Decides by headers only. Rejects with `store_unavailable` rather than guess. */
  authenticate(view: RequestView): Promise<Decision>
  /** Answers a request to a path that the gate owns: login, tokens, administration. Never rejects. */
  handle(request: Request, peer?: { remoteAddress?: string }): Promise<Response>
  /** The response for a denial, or for anything that was thrown, in the form that the path's clients expect. */
  refuse(cause: unknown, path: string): Response
  /**
   * Whether a running answer to someone who was let in may go on: false once banned, revoked or logged out, never for the
   * expiry of the credential alone. Takes the identity that the gate made, not a copy.
   */
  stillAllowed(identity: Identity): Promise<boolean>
  /** The origin that browsers see. */
  readonly publicUrl: string
  /** Every scope that a credential may carry: the built-in ones and those of the options. */
  readonly scopes: readonly string[]
  /** For whoever answers errors on the gate's behalf. */
  readonly problems: readonly ProblemRenderer[]
  /** Tells the gate's `onEvent`, for whoever works on the gate's behalf. Never throws. */
  readonly report: (event: GateEvent) => void
  /** The time by which credentials expire. */
  readonly clock: Clock
  /** Releases the store and everything that the gate started. */
  close(): Promise<void>
}

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
  const recent: RecentUses = new Map()
  const { pages, problems, publicUrl } = deps.options
  let routes: Promise<Pick<Gate, 'handle'>> | undefined
  const loadRoutes = () => {
    routes ??= import('./http/router.js').then(({ createRoutes }) => createRoutes(deps, recent))
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
    owns: (path) => isOwnPath(path) || pages.some((page) => page.owns(path)),
    authenticate: (view) => authenticate(deps, recent, view),
    async handle(request, peer) {
      try {
        return await (await loadRoutes()).handle(request, peer)
      } catch (cause) {
        return refuse(cause, '')
      }
    },
    refuse,
    stillAllowed: (identity) => stillAllowed(deps, identity),
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
