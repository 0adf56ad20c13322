import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../workspace/run.mjs'

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

const STOP_WITHIN_MS = 5_000

/** @type {Map<ChildProcess, () => Promise<void>>} */
const running = new Map()

/** Stops every process that is still running, the last one first. */
export async function stopEverything() {
  for (const stop of [...running.values()].reverse()) await stop()
}

/** For a process that is about to end and can wait for nothing. */
export function stopEverythingAtOnce() {
  for (const child of running.keys()) child.kill('SIGKILL')
}

/**
 * A program of `programs/`, in a process of its own. It answers each message with one message, in order.
 *
 * @typedef {object} Program
 * @property {any} greeting what it said when it was ready
 * @property {(message: object) => Promise<any>} ask
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a program and waits for its greeting.
 *
 * @param {URL} file
 * @param {object} [options] its only argument
 * @returns {Promise<Program>}
 */
export async function startProgram(file, options = {}) {
  const child = fork(fileURLToPath(file), [JSON.stringify(options)], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const stop = stopperOf(child)
  const greeting = await answerOf(child)
  return {
    greeting,
    ask(message) {
      const answer = answerOf(child)
      // A program that cannot be reached has ended, which the answer reports.
      child.send(message, () => {})
      return answer
    },
    stop,
  }
}

/**
 * The next message of a program; rejects when the program ends instead.
 *
 * @param {ChildProcess} child
 * @returns {Promise<any>}
 */
function answerOf(child) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`${path.basename(child.spawnargs[1] ?? '')} has ended`))
    if (child.exitCode !== null || child.signalCode !== null) return fail()
    child.once('exit', fail)
    child.once('message', (message) => {
      child.off('exit', fail)
      resolve(message)
    })
  })
}

/**
 * A Redis of its own on a loopback port, with nothing kept on disk.
 *
 * @typedef {object} RedisServer
 * @property {string} url
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<RedisServer>} */
export async function startRedis() {
  const port = await freePort()
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-bench-'))
  const settings = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]
  const child = spawn(process.env.REDIS_SERVER_PATH ?? 'redis-server', settings, {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = stopperOf(child, () => rm(folder, { recursive: true, force: true }))
  await readyRedis(child)
  return { url: `redis://127.0.0.1:${port}`, stop }
}

/** @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, null>} child */
function readyRedis(child) {
  return new Promise((resolve, reject) => {
    let output = ''
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`redis-server did not start: ${output.trimEnd()}`)))
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output = `${output}${text}`.slice(-4_000)
      if (output.includes('Ready to accept connections')) resolve(undefined)
    })
  })
}

/**
 * @param {ChildProcess} child
 * @param {() => Promise<void>} [afterwards]
 * @returns {() => Promise<void>}
 */
function stopperOf(child, afterwards = async () => {}) {
  const ended = new Promise((resolve) => child.once('close', resolve))
  const stop = async () => {
    if (!running.delete(child)) return
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await ended
      clearTimeout(patience)
    }
    await afterwards()
  }
  running.set(child, stop)
  return stop
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
