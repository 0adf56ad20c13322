import type { GateContext } from '../context/context.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import type { Metric, MetricReading } from '../plugin/job.js'
import type { RunningPlugin } from '../plugin/plugin.js'
import type { NamedJob } from './run-jobs.js'

const DEADLINE_MS = 1000
/** Anybody may ask for the readiness; a plugin is asked once a second. */
const KEPT_MS = 1000
const METRIC = /^[a-z][a-z0-9_]{0,99}$/
const JOB = /^[a-z][a-zA-Z0-9_-]{0,39}$/

/** The jobs of all plugins. Throws `configuration_invalid` for what cannot run. */
export function jobsOf(running: readonly RunningPlugin[]): readonly NamedJob[] {
  const jobs = running.flatMap(({ plugin, started }) =>
    (started.jobs ?? []).map((job) => ({ ...job, plugin: plugin.name })),
  )
  const problems = jobs.flatMap(({ plugin, name, everySeconds, deadlineSeconds = 60, run }, at) => [
    ...(JOB.test(name) && typeof run === 'function'
      ? []
      : [`${plugin}: ${JSON.stringify(name)}: a job has a name and a function`]),
    ...(isWithin(everySeconds, 31_536_000) && isWithin(deadlineSeconds, 3600)
      ? []
      : [`${plugin}: the job ${name} has seconds from 1 to 31536000, and a deadline from 1 to 3600`]),
    ...(jobs.slice(0, at).some((other) => other.plugin === plugin && other.name === name)
      ? [`${plugin}: two jobs have the name ${name}`]
      : []),
  ])
  refuseProblems(problems)
  return jobs
}

/** Reads the metrics of all plugins. Throws `configuration_invalid` for a name that two claim. */
export function metricsOf(
  { report }: Pick<GateContext, 'report'>,
  running: readonly RunningPlugin[],
): () => Promise<readonly MetricReading[]> {
  const metrics = running.flatMap(({ plugin, started }) =>
    (started.metrics ?? []).map((metric) => ({ metric, by: plugin.name })),
  )
  refuseProblems(
    metrics.flatMap(({ metric, by }, at) => {
      if (!METRIC.test(metric.name))
        return [
          `${by}: ${JSON.stringify(metric.name)}: a metric has a name of lower-case letters, digits and underscores`,
        ]
      const other = metrics.slice(0, at).find((one) => one.metric.name === metric.name)
      return other ? [`plugins: ${by} and ${other.by} both claim the metric ${metric.name}`] : []
    }),
  )
  return async () => {
    const readings = await Promise.all(metrics.map(({ metric }) => readMetric(metric, report)))
    return readings.filter((reading) => reading !== undefined)
  }
}

/** Undefined, and reported, where it cannot be read within a second. */
async function readMetric(
  { read, ...metric }: Metric,
  report: GateContext['report'],
): Promise<MetricReading | undefined> {
  try {
    const value = await within(async () => read())
    if (Number.isFinite(value)) return { ...metric, value }
    throw new TypeError('no number')
  } catch (cause) {
    report({ level: 'warn', code: 'metric_failed', detail: `${metric.name} could not be read`, cause })
    return undefined
  }
}

/** Which plugins are well, by name; only those that say so. One that throws or takes longer than a second is not. */
export function healthOf(
  running: readonly RunningPlugin[],
): () => Promise<Readonly<Record<string, boolean>>> {
  const parts = running.flatMap(({ plugin, started }) =>
    started.health ? [{ name: plugin.name, ask: started.health }] : [],
  )
  let asked: { readonly at: number; readonly answer: Promise<Readonly<Record<string, boolean>>> } | undefined
  return () => {
    const now = performance.now()
    if (!asked || now - asked.at >= KEPT_MS) asked = { at: now, answer: examine() }
    return asked.answer
  }

  async function examine(): Promise<Readonly<Record<string, boolean>>> {
    const answers = parts.map(async ({ name, ask }) => {
      const isWell = await within(async () => ask()).catch(() => false)
      return [name, isWell === true] as const
    })
    return Object.fromEntries(await Promise.all(answers))
  }
}

async function within<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within a second')), DEADLINE_MS)
    timer.unref()
  })
  return Promise.race([work(), late]).finally(() => clearTimeout(timer))
}

function isWithin(seconds: number, most: number): boolean {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= most
}

function refuseProblems(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join('; ')}`, {
    problems,
  })
}
