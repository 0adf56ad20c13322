import cluster from 'node:cluster'
import { PortcullisError } from '@portcullis/core'
import type { Logger } from 'pino'
import { type Gateway, startGateway } from './app.js'
import { createLogger } from './logging.js'
import { readSettings, type Settings } from './settings.js'
import { startWorkers } from './workers.js'

const settings = readSettingsOrExit()
const log = createLogger(settings.logLevel)
if (cluster.isPrimary) for (const warning of settings.warnings) log.warn(warning)

const gateway = await startOrExit(settings, log)
log.info({ url: gateway.url }, 'ready')
if (cluster.isPrimary) announce(gateway)

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

function readSettingsOrExit(): Settings {
  try {
    return readSettings(process.env)
  } catch (error) {
    return exitWith(error)
  }
}

async function startOrExit(settings: Settings, log: Logger): Promise<Gateway> {
  try {
    const isOne = settings.workers === 1 || cluster.isWorker
    return await (isOne ? startGateway(settings, log) : startWorkers(settings, settings.workers, log))
  } catch (error) {
    return exitWith(error)
  }
}

/** Whoever starts the gateway reads this, so it is text for people rather than a line of the log. */
function exitWith(error: unknown): never {
  const problems = error instanceof PortcullisError ? error.problems : []
  const reasons = problems.length > 0 ? problems : [error instanceof Error ? error.message : String(error)]
  process.stderr.write(`The gateway cannot start:\n${reasons.map((reason) => `  - ${reason}\n`).join('')}`)
  process.exit(1)
}

function announce({ url, demoLogins }: Gateway): void {
  const lines = ['', `Portcullis is ready at ${url}`]
  if (demoLogins) lines.push(`  log in as ${demoLogins.emails.join(' or ')}, password ${demoLogins.password}`)
  process.stdout.write(`${lines.join('\n')}\n\n`)
}
