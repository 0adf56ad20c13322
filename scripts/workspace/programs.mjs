import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { root } from './paths.mjs'
import { runQuietly, say } from './run.mjs'

/**
 * @typedef {object} Program
 * @property {string} title
 * @property {string} variable names the program in the environment, before the search path is tried
 * @property {string[]} commands any of them will do
 * @property {string} debian the Debian package that brings it
 * @property {string} [neededBy] the part of this repository whose tests run it
 */

/** @type {Program[]} */
const programs = [
  {
    title: 'Chromium',
    variable: 'CHROMIUM_PATH',
    commands: [
      'chromium',
      'chromium-browser',
      'google-chrome-stable',
      'google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    debian: 'chromium',
  },
  {
    title: 'Redis',
    variable: 'REDIS_SERVER_PATH',
    commands: ['redis-server'],
    debian: 'redis-server',
    neededBy: 'packages/core/src/redis',
  },
  {
    title: 'nginx',
    variable: 'NGINX_PATH',
    commands: ['nginx', '/usr/sbin/nginx'],
    debian: 'nginx-light',
    neededBy: 'examples/full-gateway/test/nginx.test.ts',
  },
  {
    title: 'Caddy',
    variable: 'CADDY_PATH',
    commands: ['caddy'],
    debian: 'caddy',
    neededBy: 'examples/full-gateway/test/proxies.test.ts',
  },
]

/**
 * Finds the programs that the tests run, and installs the missing ones where apt can be used without a question.
 *
 * @returns {Promise<Record<string, string> | undefined>} where they are, as environment variables for the tests;
 *   nothing, after one line that says what to install, when one is missing
 */
export async function findPrograms() {
  const needed = programs.filter(
    ({ neededBy }) => neededBy === undefined || existsSync(path.join(root, neededBy)),
  )
  await installWithApt(needed.filter((program) => locate(program) === undefined))
  const missing = needed.filter((program) => locate(program) === undefined)
  if (missing.length === 0) {
    return Object.fromEntries(needed.map((program) => [program.variable, locate(program) ?? '']))
  }
  const titles = missing.map(({ title, variable }) => `${title} (or set ${variable})`).join(' and ')
  const hint = `apt-get install ${missing.map(({ debian }) => debian).join(' ')}`
  console.error(`portcullis: the tests need ${titles}; on Debian: ${hint}`)
  return undefined
}

/** @param {Program[]} missing */
async function installWithApt(missing) {
  const privilege = privilegeForApt()
  if (missing.length === 0 || privilege === undefined) return
  const names = missing.map(({ debian }) => debian).join(' ')
  say(`installing ${names} with apt-get`)
  const apt = `${privilege} env DEBIAN_FRONTEND=noninteractive apt-get -qq`
  const install = `${apt} update; ${apt} install --yes --no-install-recommends ${names}`
  // What it could not install is reported as missing, with the reason above it.
  await runQuietly('apt-get', install).catch((failure) => console.error(failure.output.trimEnd()))
}

/** @returns {string | undefined} what to put before apt-get; nothing when it cannot be used */
function privilegeForApt() {
  if (findOnPath('apt-get') === undefined) return undefined
  if (process.getuid?.() === 0) return ''
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? 'sudo -n' : undefined
}

/** @param {Program} program */
function locate({ variable, commands }) {
  const named = process.env[variable]
  if (named !== undefined) return findOnPath(named)
  for (const command of commands) {
    const place = findOnPath(command)
    if (place !== undefined) return place
  }
  return undefined
}

/** @param {string} command a name, or a path */
function findOnPath(command) {
  const folders = path.isAbsolute(command) ? ['/'] : (process.env.PATH ?? '').split(path.delimiter)
  return folders.map((folder) => path.resolve(folder, command)).find(isExecutable)
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
