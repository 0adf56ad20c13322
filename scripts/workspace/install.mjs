import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './paths.mjs'
import { runQuietly, say } from './run.mjs'

/**
 * Installs the dependencies unless `node_modules` already holds what `package-lock.json` names.
 * Install scripts are not run: every native part of ours comes prebuilt in an optional package.
 */
export async function installDependencies() {
  if (isInstalled()) return
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

/** @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }>} Locked */

function isInstalled() {
  const wanted = readLock('package-lock.json')
  const present = readLock('node_modules/.package-lock.json')
  if (wanted === undefined) throw new Error('package-lock.json is missing')
  if (present === undefined) return false
  return Object.entries(wanted).every(([place, want]) => {
    if (place === '') return true
    const have = present[place]
    if (have === undefined) return want.optional === true || want.devOptional === true
    return (
      have.version === want.version && (want.integrity === undefined || have.integrity === want.integrity)
    )
  })
}

/**
 * @param {string} file
 * @returns {Locked | undefined}
 */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    throw error
  }
}
