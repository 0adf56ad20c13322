import { spawn } from 'node:child_process'
import { availableParallelism, constants } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

export const root = fileURLToPath(new URL('../..', import.meta.url)).slice(0, -1)

/** A step that failed, with what it printed. */
class StepFailed extends Error {
  /**
   * @param {string} step
   * @param {string} output
   */
  constructor(step, output) {
    super(`${step} failed`)
    this.output = output
  }
}

/**
 * Runs a command with the workspace's binaries on the path and its output held back;
 * a failure throws {@link StepFailed} with all of the output.
 *
 * @param {string} step what to call it when it fails
 * @param {string} command a shell command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export async function runQuietly(step, command, { cwd = root, env = {} } = {}) {
  const binaries = path.join(root, 'node_modules', '.bin')
  const child = spawn(command, {
    cwd,
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${binaries}${path.delimiter}${process.env.PATH}`, ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  if ((await exitCodeOf(child)) !== 0) throw new StepFailed(step, output)
}

/**
 * Runs every command, as many at a time as there are processors, and says how each ended;
 * fails after the last one when any failed, with the output of those.
 *
 * @param {Record<string, string>} steps commands by name
 */
export async function runEvery(steps) {
  const waiting = Object.entries(steps)
  /** @type {string[]} */
  const failures = []
  const lanes = Array.from({ length: availableParallelism() }, async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const [name, command] = step
      const failure = await runQuietly(name, command).catch((/** @type {StepFailed} */ reason) => reason)
      say(`${name}: ${failure ? 'FAILED' : 'ok'}`)
      if (failure) failures.push(`--- ${failure.message}\n${failure.output?.trimEnd()}`)
    }
  })
  await Promise.all(lanes)
  if (failures.length > 0)
    throw new StepFailed(`${failures.length} of ${Object.keys(steps).length} steps`, failures.join('\n'))
}

/**
 * Runs Node on a script in this terminal and answers with its exit code. Signals are passed on.
 *
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export async function runNode(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  passSignalsOn(child)
  const watch = stopWithNpm(child)
  const code = await exitCodeOf(child)
  clearInterval(watch)
  return code
}

/** @param {ChildProcess} child */
function passSignalsOn(child) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    // A terminal sends Ctrl-C to the child too, and npm repeats it; a second one may mean "at once".
    let deliver = signal !== 'SIGINT' || !process.stdin.isTTY
    process.on(signal, () => {
      if (deliver) child.kill(signal)
      deliver = false
    })
  }
}

/**
 * A SIGTERM to npm reaches only the shell in between, which dies without a word to this process.
 *
 * @param {ChildProcess} child
 */
function stopWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  return setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM')
  }, 250)
}

/**
 * Runs the main function of a script: progress in short lines, the full output of a step only when it failed.
 *
 * @param {() => Promise<number | void>} main resolves to the exit code, 0 when it resolves to nothing
 */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    if (error.output !== '') console.error(error.output.trimEnd())
    console.error(`portcullis: ${error.message}`)
    process.exitCode = 1
  }
}

/** @param {string} line */
export function say(line) {
  console.log(`portcullis: ${line}`)
}

/**
 * @param {ChildProcess} child
 * @returns {Promise<number>}
 */
function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']))
  })
}
