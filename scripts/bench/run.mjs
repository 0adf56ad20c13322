import { constants } from 'node:os'
import { say } from '../workspace/run.mjs'
import { readPublished, whatGotSlower } from './compare.mjs'
import { readEnvironment } from './environment.mjs'
import { stopEverything, stopEverythingAtOnce } from './processes.mjs'
import { tableOf, writeReport } from './report.mjs'
import { measureAuthenticate } from './rows/authenticate.mjs'
import { measureForwarding } from './rows/forwarding.mjs'
import { measureMemory } from './rows/memory.mjs'
import { measureRequests } from './rows/requests.mjs'
import { measureRevocation } from './rows/revocation.mjs'
import { measureScale } from './rows/scale.mjs'
import { measureStreams } from './rows/streams.mjs'
import { PARTS } from './settings.mjs'

/** @type {Record<import('./settings.mjs').Part, (settings: import('./settings.mjs').Settings) => Promise<import('./report.mjs').Row[]>>} */
const measures = {
  authenticate: measureAuthenticate,
  requests: measureRequests,
  forwarding: measureForwarding,
  streams: measureStreams,
  revocation: measureRevocation,
  memory: measureMemory,
  scale: measureScale,
}

/**
 * Measures, prints the table and, when everything was measured in full, keeps it in `docs/benchmarks`. Whatever happens,
 * no process that it started is left.
 *
 * @param {import('./settings.mjs').Settings} settings
 */
export async function runBenchmark(settings) {
  const interruption = stopOnSignals()
  try {
    await measureAndReport(settings)
  } catch (error) {
    // Ctrl-C reaches the programs too: that they have ended is no news then.
    if (!interruption.aborted) throw error
  } finally {
    await stopEverything()
  }
}

/** @param {import('./settings.mjs').Settings} settings */
async function measureAndReport(settings) {
  const environment = await readEnvironment()
  const rows = []
  for (const part of settings.parts) {
    say(`measuring ${part}`)
    rows.push(...(await measures[part](settings)))
    // What a part started must not disturb the next.
    await stopEverything()
  }
  const report = { environment, settings, rows }
  console.log(`\n${tableOf(report)}\n`)
  const { measured, rows: published } = await readPublished()
  const slower = whatGotSlower(rows, published)
  if (slower.length > 0) console.log(`Worse than what was published. ${measured}\n- ${slower.join('\n- ')}\n`)
  const isWhole = !settings.isQuick && settings.parts.length === PARTS.length
  if (isWhole) await writeReport(report)
  say(isWhole ? 'written to docs/benchmarks' : 'nothing is written unless everything is measured in full')
}

/** @returns {AbortSignal} aborted when a signal came */
function stopOnSignals() {
  const interruption = new AbortController()
  process.once('exit', stopEverythingAtOnce)
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals)
    process.on(signal, () => {
      interruption.abort()
      void stopEverything().finally(() => process.exit(128 + constants.signals[signal]))
    })
  return interruption.signal
}
