import type { Admission } from '../admission/admission.js'
import { appendAudit } from '../audit/append.js'
import type { AnyCredentialKind } from '../authentication/credential-kind.js'
import type { Deps } from '../context/context.js'
import type { Sealer } from '../crypto/seal.js'
import { denial } from '../errors/denials.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { bindCollection } from '../plugin/collection.js'
import { type PluginContext, withInsides } from '../plugin/context.js'
import type { JobStatus, MetricReading } from '../plugin/job.js'
import type { Plugin, RunningPlugin } from '../plugin/plugin.js'
import { activeBan, readStanding } from '../standing/standing.js'
import { requireNamed } from './credential-kinds.js'
import { healthOf, jobsOf, metricsOf } from './observe-plugins.js'
import type { GateVerbs } from './operations.js'
import { grantsOf, loginHooksOf } from './plugin-hooks.js'
import { pluginTokens } from './plugin-tokens.js'
import { runJobs } from './run-jobs.js'

/** Plugins that run, in the order in which they started. */
export interface RunningPlugins {
  readonly running: readonly RunningPlugin[]
  /** The `api` of each that has one, by its name. */
  readonly apis: Readonly<Record<string, unknown>>
  /** In the order of the list. */
  readonly admissions: readonly Admission[]
  jobs(): Promise<readonly JobStatus[]>
  metrics(): Promise<readonly MetricReading[]>
  /** Jobs first, then in reverse order; one that fails is reported and keeps no other from closing. */
  close(): Promise<void>
}

/** Starts plugins one after the other. Rejects with what one of them throws, the others closed again. */
export async function startPlugins(
  deps: Deps,
  operations: GateVerbs,
  plugins: readonly Plugin[],
): Promise<RunningPlugins> {
  const running: RunningPlugin[] = []
  let admissions: RunningPlugins['admissions'] = []
  let metrics: RunningPlugins['metrics'] = async () => []
  let runningJobs = runJobs(deps, [])
  const close = async () => {
    await runningJobs.close()
    await closeAll(deps, running)
  }
  try {
    for (const plugin of plugins)
      running.push({ plugin, started: await plugin.start(contextOf(deps, operations, plugin, running)) })
    addKinds(deps, running)
    admissions = admissionsOf(running)
    const jobs = jobsOf(running)
    metrics = metricsOf(deps, running)
    deps.pluginHealth = healthOf(running)
    deps.loginHooks = loginHooksOf(running)
    deps.grants = grantsOf(running)
    runningJobs = runJobs(deps, jobs)
  } catch (error) {
    await close()
    throw error
  }
  const apis = running.flatMap(({ plugin, started: { api } }) =>
    api === undefined ? [] : [[plugin.name, api] as const],
  )
  return {
    running,
    apis: Object.fromEntries(apis),
    admissions,
    jobs: () => runningJobs.status(),
    metrics,
    close,
  }
}

function admissionsOf(running: readonly RunningPlugin[]): readonly Admission[] {
  return running.flatMap(({ plugin, started: { admissions = [] } }) => {
    for (const admission of admissions)
      if (typeof admission?.name !== 'string' || typeof admission.admit !== 'function')
        throw refusedPlugin(`${plugin.name}: an admission has a name and the method admit`)
    return admissions
  })
}

/** In front of the gate's own, whose tokens are asked last. */
function addKinds(deps: Deps, running: readonly RunningPlugin[]): void {
  const added = running.flatMap(({ plugin, started }) =>
    (started.credentialKinds ?? []).map((kind) => lookedAfter(deps, plugin, kind)),
  )
  const all = requireNamed([...added, ...deps.credentialKinds])
  deps.credentialKinds.splice(0, deps.credentialKinds.length, ...all)
}

/**
 * A kind that others have made, held to what the judge relies on: that it is asked at all, and by the records of the very
 * account that is let in.
 */
function lookedAfter(
  deps: Deps,
  { name, collections = [] }: Plugin,
  kind: AnyCredentialKind,
): AnyCredentialKind {
  if (kind.isOfOperator) throw refusedPlugin(`${name}: the kind ${kind.name} cannot do without the judge`)
  const { records } = kind
  if (records && !collections.includes(records.collection))
    throw refusedPlugin(`${name}: the kind ${kind.name} keeps its records in none of its collections`)
  return {
    ...kind,
    ...(records && { records: { ...records, collection: `${name}/${records.collection}` } }),
    issued: (presented, record) => ({ ...kind.issued(presented, record), partition: presented.partition }),
    describe(judged) {
      const described = kind.describe(judged)
      if (deps.partitionOf(described.accountId) !== judged.proof.partition)
        throw new TypeError(`${name}: the kind ${kind.name} lets in another account than was judged`)
      return described
    },
  }
}

function refusedPlugin(problem: string): PortcullisError {
  return new PortcullisError('configuration_invalid', `The gate cannot start: ${problem}`, {
    problems: [problem],
  })
}

async function closeAll({ report }: Deps, running: readonly RunningPlugin[]): Promise<void> {
  for (const { plugin, started } of [...running].reverse())
    try {
      await started.close?.()
    } catch (cause) {
      const detail = `The plugin ${plugin.name} did not close as it should`
      report({ level: 'error', code: 'plugin_failed', detail, cause })
    }
}

function contextOf(
  deps: Deps,
  operations: GateVerbs,
  plugin: Plugin,
  running: readonly RunningPlugin[],
): PluginContext {
  const { name, collections = [], auditActions = {}, requires = [] } = plugin
  const storedName = (collection: string) => {
    if (!collections.includes(collection))
      throw new TypeError(`${name}: ${collection} is not one of its collections`)
    return `${name}/${collection}`
  }
  const context: PluginContext = {
    publicUrl: deps.options.publicUrl,
    clock: deps.clock,
    randomId: deps.randomId,
    collection(collection, holds, of) {
      const stored = storedName(collection)
      const partition = of ? deps.partitionOf(of.account) : `plugin-${name}`
      const { store, options } = deps
      return bindCollection({ store, options, partition, collection: stored }, holds)
    },
    async audit(recorded) {
      if (!Object.hasOwn(auditActions, recorded.action))
        throw new TypeError(`${name}: ${recorded.action} is not one of its audit actions`)
      return appendAudit(deps, recorded)
    },
    required<Api>(other: string) {
      const found = requires.includes(other) && running.find((one) => one.plugin.name === other)
      if (!found) throw new TypeError(`${name}: it does not say that it requires ${other}`)
      return found.started.api as Api
    },
    report: deps.report,
    reportOfStrangers: (event) => deps.strangers.report(event),
    operations,
    tokens: pluginTokens(deps, plugin, storedName),
    rateLimits: deps.rateLimits,
    sealer: sealerOf(deps.sealer, name),
    partitionOf: deps.partitionOf,
    roleOf: deps.roleOf,
    async judge(account) {
      const { standing } = await readStanding(deps, deps.partitionOf(account))
      return activeBan(standing, deps.clock()) ? denial('account_banned') : undefined
    },
  }
  return withInsides(Object.freeze(context), deps)
}

/** What one plugin has sealed opens for no other, nor for the gate. */
function sealerOf(sealer: Sealer, name: string): Sealer {
  const contextOf = (context: string) => `plugin ${name} ${context}`
  return {
    seal: (context, value) => sealer.seal(contextOf(context), value),
    open: (context, sealed) => sealer.open(contextOf(context), sealed),
  }
}
