import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { runQuietly, say } from './run.mjs'

/**
 * @typedef {object} Program
 * @property {string} title
 * @property {string} variable names the program in the environment, before the search path is tried
 * @property {string[]} commands any of them will do
 * @property {string} debian the Debian package that brings it
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
  { title: 'Redis', variable: 'REDIS_SERVER_PATH', commands: ['redis-server'], debian: 'redis-server' },
  { title: 'nginx', variable: 'NGINX_PATH', commands: ['nginx', '/usr/sbin/nginx'], debian: 'nginx-light' },
  { title: 'Caddy', variable: 'CADDY_PATH', commands: ['caddy'], debian: 'caddy' },
]

/**
 * Finds the programs that the tests run. Installs the missing ones with apt-get as root and in CI only: nobody
 * expects tests to change their machine, and they never ask for rights that they were not given.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @param {boolean} [isRoot]
 * @returns {Promise<Record<string, string> | undefined>} where they are, as environment variables for the tests;
 *   nothing, after one line that says what to type, when one is missing
 */
export async function findPrograms(env = process.env, isRoot = process.getuid?.() === 0) {
  const listMissing = () => programs.filter((program) => locate(program, env) === undefined)
  if (isRoot || env.CI === 'true') await installWithApt(listMissing(), env)
  const missing = listMissing()
  if (missing.length === 0)
    return Object.fromEntries(programs.map((each) => [each.variable, locate(each, env) ?? '']))
  const titles = missing.map(({ title, variable }) => `${title} (or set ${variable})`).join(' and ')
  console.error(
    `portcullis: the tests need ${titles}; on Debian: ${isRoot ? '' : 'sudo '}${install(missing)}`,
  )
  return undefined
}

/** @param {Program[]} missing */
function install(missing) {
  return `apt-get install --yes --no-install-recommends ${missing.map(({ debian }) => debian).join(' ')}`
}

/**
 * @param {Program[]} missing
 * @param {NodeJS.ProcessEnv} env
 */
async function installWithApt(missing, env) {
  if (missing.length === 0 || findOnPath('apt-get', env) === undefined) return
  say(`installing ${missing.map(({ title }) => title).join(', ')} with apt-get`)
  // What it could not install is reported as missing, with the reason above it.
  await runQuietly('apt-get', `apt-get -qq update; ${install(missing)}`, {
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
  }).catch((failure) => console.error(failure.output.trimEnd()))
}

/**
 * @param {Program} program
 * @param {NodeJS.ProcessEnv} env
 */
function locate({ variable, commands }, env) {
  const named = env[variable]
  if (named !== undefined) return findOnPath(named, env)
  return commands.map((command) => findOnPath(command, env)).find((place) => place !== undefined)
}

/**
 * @param {string} command a name, or a path
 * @param {NodeJS.ProcessEnv} env
 */
function findOnPath(command, env) {
  const folders = path.isAbsolute(command) ? ['/'] : (env.PATH ?? '').split(path.delimiter)
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
