import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { root, runQuietly, say } from './run.mjs'

/**
 * Installs the dependencies unless `node_modules` already holds what `package-lock.json` names.
 * Install scripts are not run: every native part of ours comes prebuilt in an optional package.
 */
export async function installDependencies() {
  const wanted = await readLock('package-lock.json')
  const present = await readLock('node_modules/.package-lock.json').catch(() => undefined)
  if (present && Object.entries(wanted).every(([place, want]) => !place || isThere(present[place], want)))
    return
  say('installing dependencies')
  await runQuietly(
    'npm ci',
    `${npm()} ci --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error`,
  )
}

/** The very npm that started this script, when one did. */
function npm() {
  const started = process.env.npm_execpath ?? ''
  return path.basename(started).startsWith('npm-cli') ? `"${process.execPath}" "${started}"` : 'npm'
}

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} Locked */

/**
 * @param {Locked | undefined} have
 * @param {Locked} want
 */
function isThere(have, want) {
  if (have === undefined) return want.optional === true || want.devOptional === true
  return have.version === want.version && (want.integrity ?? have.integrity) === have.integrity
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, Locked>>}
 */
async function readLock(file) {
  return JSON.parse(await readFile(path.join(root, file), 'utf8')).packages
}
