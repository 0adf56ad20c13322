import { argv, exit } from 'node:process'

// Nobody is left to stop this process.
process.on('disconnect', () => exit(0))
// A profile is written at an exit in order.
process.on('SIGTERM', () => exit(0))

/**
 * What the parent asked for when it started this program.
 *
 * @returns {any}
 */
export function readOptions() {
  return JSON.parse(argv[2] ?? '{}')
}

/** @param {object} message */
export function tell(message) {
  process.send?.(message)
}

/**
 * Answers each message of the parent with what `handle` resolves to. A failure ends the process.
 *
 * @param {(message: any) => Promise<object>} handle
 */
export function answerParent(handle) {
  process.on('message', async (message) => tell(await handle(message)))
}
