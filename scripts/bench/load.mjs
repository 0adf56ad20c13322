import { spawn, spawnSync } from 'node:child_process'
import { startProgram } from './processes.mjs'

/** @typedef {import('./programs/load.mjs').Load} Load */

const hasWrk = spawnSync('wrk', ['-v']).error === undefined

/** @type {Promise<import('./processes.mjs').Program> | undefined} */
let ownLoad

/**
 * One round of requests, by wrk where it is installed, which takes less of the machine than any client in Node, or else by
 * the client of this benchmark.
 *
 * @param {Omit<Load, 'warmUpMs'>} load
 * @returns {Promise<{ perSecond: number, command: string }>}
 */
export async function applyLoad(load) {
  if (hasWrk) return runWrk(load)
  ownLoad ??= startProgram(new URL('programs/load.mjs', import.meta.url))
  const { perSecond } = await (await ownLoad).ask({ ...load, warmUpMs: 0 })
  return { perSecond, command: `${load.connections} connections of scripts/bench/programs/load.mjs` }
}

/** @param {Omit<Load, 'warmUpMs'>} load */
async function runWrk({ port, path, tokens, connections, durationMs }) {
  const seconds = Math.max(1, Math.round(durationMs / 1000))
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`]
  const header = ['-H', `authorization: Bearer ${tokens[0]}`]
  const output = await outputOf('wrk', [...options, ...header, `http://127.0.0.1:${port}${path}`])
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1])
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`not everything was answered: ${output}`)
  return { perSecond, command: `wrk ${options.join(' ')} -H 'authorization: Bearer …' http://…${path}` }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<string>}
 */
function outputOf(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.once('error', reject)
    child.once('close', () => resolve(output))
  })
}
