import type { Admission } from '../admission/admission.js'
import type { AnyCredentialKind, OperatorKind } from '../authentication/credential-kind.js'
import type { GateContext } from '../context/context.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import type { JobStatus, MetricReading } from '../plugin/job.js'
import { type Plugin, type RunningPlugin, storedCollectionsOf } from '../plugin/plugin.js'
import { problemsOfKind } from './check-kinds.js'
import { problemsOfStarted } from './check-plugins.js'
import { requireNamed } from './credential-kinds.js'
import { healthOf, jobsOf, metricsOf } from './observe-plugins.js'
import type { GateOperations } from './operations.js'
import { bindPluginContext } from './plugin-context.js'
import { grantsOf, loginHooksOf } from './plugin-hooks.js'
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
  context: GateContext,
  operations: GateOperations,
  plugins: readonly Plugin[],
): Promise<RunningPlugins> {
  const running: RunningPlugin[] = []
  let admissions: RunningPlugins['admissions'] = []
  let metrics: RunningPlugins['metrics'] = async () => []
  let runningJobs = runJobs(context, [])
  const close = async () => {
    await runningJobs.close()
    await closeAll(context, running)
  }
  try {
    for (const plugin of plugins) {
      const started = await plugin.start(bindPluginContext(context, operations, plugin, running))
      running.push({ plugin, started })
      const problems = problemsOfStarted(plugin, started)
      if (problems.length > 0) throw refusedPlugin(...problems)
    }
    addKinds(context, running)
    admissions = admissionsOf(running)
    const jobs = jobsOf(running)
    metrics = metricsOf(context, running)
    context.pluginHealth = healthOf(running)
    context.loginHooks = loginHooksOf(running)
    context.grants = grantsOf(running)
    runningJobs = runJobs(context, jobs)
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

/**
 * In front of the gate's own, whose tokens are asked last; what an operator has set is known exactly, and asked first, so
 * that no other kind takes it for one of its own.
 */
function addKinds(context: GateContext, running: readonly RunningPlugin[]): void {
  const added = running.flatMap(({ plugin, started }) =>
    (started.credentialKinds ?? []).map((kind) => lookedAfter(context, plugin, kind)),
  )
  const ofOperators = added.filter((kind) => kind.isOfOperator)
  const ofAccounts = added.filter((kind) => !kind.isOfOperator)
  const all = requireNamed([...ofOperators, ...ofAccounts, ...context.credentialKinds])
  context.credentialKinds.splice(0, context.credentialKinds.length, ...all)
  for (const kind of ofAccounts) if (kind.records) context.decisive.add(kind.records.collection)
}

/**
 * A kind that others have made, held to what the judge relies on: that it is asked at all, and by the records of the very
 * account that is let in.
 */
function lookedAfter(context: GateContext, plugin: Plugin, kind: AnyCredentialKind): AnyCredentialKind {
  if (kind.isOfOperator) return declaredOperator(context, plugin, kind)
  const { name } = plugin
  const problems = problemsOfKind(plugin, kind)
  if (problems.length > 0) throw refusedPlugin(...problems)
  const { records, headers } = kind
  const stored = records && storedCollectionsOf(plugin).get(records.collection)?.name
  return {
    ...kind,
    ...(headers && { headers: headers.map((header) => header.toLowerCase()) }),
    ...(records && { records: { ...records, collection: stored ?? records.collection } }),
    issued: (presented, record) => ({ ...kind.issued(presented, record), partition: presented.partition }),
    describe(judged) {
      const described = kind.describe(judged)
      if (context.partitionOf(described.accountId) !== judged.proof.partition)
        throw new TypeError(`${name}: the kind ${kind.name} lets in another account than was judged`)
      return described
    },
  }
}

/** A kind that nobody judges: only as its plugin declares it, under that one name, and told at each start. */
function declaredOperator(
  context: GateContext,
  { name, operators = {} }: Plugin,
  kind: OperatorKind,
): OperatorKind {
  const account = Object.hasOwn(operators, kind.name) ? operators[kind.name] : undefined
  if (account === undefined)
    throw refusedPlugin(
      `${name}: the kind ${kind.name} cannot do without the judge: it is none of its operators`,
    )
  context.report({
    level: 'info',
    code: 'operator_credential',
    detail: `${name}: whoever has the ${kind.name} acts as ${account}, a super admin whom no ban ends`,
  })
  return {
    ...kind,
    describe() {
      const described = kind.describe()
      if (described.accountId !== account)
        throw new TypeError(`${name}: the kind ${kind.name} acts under another name than it declares`)
      return described
    },
  }
}

function refusedPlugin(...problems: readonly string[]): PortcullisError {
  return new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join('; ')}`, {
    problems,
  })
}

async function closeAll({ report }: GateContext, running: readonly RunningPlugin[]): Promise<void> {
  for (const { plugin, started } of [...running].reverse())
    try {
      await started?.close?.()
    } catch (cause) {
      const detail = `The plugin ${plugin.name} did not close as it should`
      report({ level: 'error', code: 'plugin_failed', detail, cause })
    }
}
