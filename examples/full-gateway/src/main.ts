import cluster from 'node:cluster'
import { PortcullisError } from '@portcullis/core'
import type { Logger } from 'pino'
import { type Gateway, startGateway } from './app.js'
import type { DemoProvider, DemoProviderOptions } from './demo/provider.js'
import { startDemoProviderThread } from './demo/start-thread.js'
import { loadSettings } from './load-settings.js'
import { createLogger } from './logging.js'
import { whenReady } from './readiness.js'
import type { Settings } from './settings.js'
import { startWorkers } from './workers.js'

const settings = await loadSettings(process.env).catch(exitWith)
const log = createLogger(settings.logLevel)
if (cluster.isPrimary) for (const warning of settings.warnings) log.warn(warning)

const gateway = await startOrExit(settings, log)
if (cluster.isPrimary) void announce(gateway)

let stoppingSince: number | undefined
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal))

/** A supervisor may send its signal to the process and to its group: only a person who insists ends it at once. */
function stop(signal: NodeJS.Signals): void {
  if (stoppingSince !== undefined) {
    if (signal === 'SIGINT' && performance.now() - stoppingSince > 1000) process.exit(1)
    return
  }
  stoppingSince = performance.now()
  log.info({ signal }, 'stopping: running answers may finish')
  gateway.close().then(
    () => process.exit(0),
    (err: unknown) => {
      log.error({ err }, 'did not stop cleanly')
      process.exit(1)
    },
  )
}

function startDemo(options: DemoProviderOptions): Promise<DemoProvider> {
  return startDemoProviderThread(new URL('./demo/provider-thread.js', import.meta.url), options)
}

async function startOrExit(settings: Settings, log: Logger): Promise<Gateway> {
  try {
    const isOne = settings.workers === 1 || cluster.isWorker
    return await (isOne
      ? startGateway(settings, log, startDemo)
      : startWorkers(settings, settings.workers, log))
  } catch (error) {
    return exitWith(error)
  }
}

/** Whoever starts the gateway reads this, so it is text for people rather than a line of the log. */
function exitWith(error: unknown): never {
  const problems = error instanceof PortcullisError ? error.problems : []
  const reasons = problems.length > 0 ? problems : [explain(error)]
  process.stderr.write(`The gateway cannot start:\n${reasons.map((reason) => `  - ${reason}\n`).join('')}`)
  process.exit(1)
}

/** With what caused it: an operator looks for the host and the reason. */
function explain(error: unknown): string {
  const messages: string[] = []
  for (let cause = error; cause !== undefined && messages.length < 5; ) {
    messages.push(cause instanceof Error ? cause.message : String(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return messages.join(': ')
}

/** Ready is said when `/ready` says it; until then what is missing. */
async function announce({ url, address, demoLogins }: Gateway): Promise<void> {
  await whenReady(address, (reason) => {
    log.warn({ url, reason }, 'not ready yet')
    if (stoppingSince === undefined)
      process.stdout.write(`\nPortcullis serves at ${url}, not ready yet: ${reason}\n`)
  })
  if (stoppingSince !== undefined) return
  log.info({ url }, 'ready')
  const lines = ['', `Portcullis is ready at ${url}`]
  if (demoLogins) lines.push(`  log in as ${demoLogins.emails.join(' or ')}, password ${demoLogins.password}`)
  process.stdout.write(`${lines.join('\n')}\n\n`)
}
