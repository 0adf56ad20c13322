import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
 * @param {Profiling} [profiling]
 * @returns {Promise<Program>}
 */
export async function startProgram(file, options = {}, profiling = {}) {
  const child = fork(fileURLToPath(file), [JSON.stringify(options)], {
    cwd: root,
    execArgv: profilerOf(profiling),
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
 * @typedef {object} Profiling
 * @property {boolean} [isProfiled] whether it writes down where its time goes when it is stopped
 */

/** Where profiles are written, for Chrome's developer tools or `npx speedscope`. */
const PROFILES = path.join(root, 'docs', 'benchmarks', 'profiles')

/** @param {Profiling} profiling */
function profilerOf({ isProfiled = false }) {
  return isProfiled ? ['--cpu-prof', `--cpu-prof-dir=${PROFILES}`] : []
}

/**
 * The full gateway as it was built, with these settings; resolves its process id once it is ready.
 *
 * @param {Record<string, string>} settings
 * @param {Profiling} [profiling]
 */
export async function startGateway(settings, profiling = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-bench-'))
  const main = path.join(root, 'examples', 'full-gateway', 'dist', 'main.js')
  const env = { PATH: process.env.PATH, DATA_DIR: folder, HOST: '127.0.0.1', ...settings }
  const child = spawn(process.execPath, [...profilerOf(profiling), main], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  stopperOf(child, () => rm(folder, { recursive: true, force: true }))
  await said(child, 'Portcullis is ready')
  return child.pid ?? 0
}

/**
 * nginx in front of the upstream, with one process as everything else here; undefined where it is not installed.
 *
 * @param {number} upstreamPort
 * @returns {Promise<{ port: number, pid: number } | undefined>}
 */
export async function startNginx(upstreamPort) {
  if (spawnSync('nginx', ['-v']).error) return undefined
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-bench-'))
  const port = await freePort()
  const file = path.join(folder, 'nginx.conf')
  await writeFile(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  upstream up { server 127.0.0.1:${upstreamPort}; keepalive 256; }
  server {
    listen 127.0.0.1:${port}; keepalive_timeout 60; keepalive_requests 1000000000;
    location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  )
  const child = spawn('nginx', ['-c', file, '-p', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
  stopperOf(child, () => rm(folder, { recursive: true, force: true }))
  await accepts(port)
  return { port, pid: child.pid ?? 0 }
}

/** @param {number} port */
async function accepts(port) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
  throw new Error(`nothing listens on ${port}`)
}

/**
 * Resolves once the program has written a text, which it does when it is ready; what it writes later is read and
 * forgotten.
 *
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, null>} child
 * @param {string} text
 * @returns {Promise<void>}
 */
function said(child, text) {
  return new Promise((resolve, reject) => {
    let output = ''
    let isReady = false
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${child.spawnargs[0]} did not start: ${output.trimEnd()}`)))
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      if (isReady) return
      output = `${output}${chunk}`.slice(-4_000)
      if (!output.includes(text)) return
      isReady = true
      resolve()
    })
  })
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
  await said(child, 'Ready to accept connections')
  return { url: `redis://127.0.0.1:${port}`, stop }
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
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
