import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { listPackages } from './packages.mjs'
import { cache, root } from './paths.mjs'
import { runQuietly, say } from './run.mjs'

/** @typedef {import('./packages.mjs').Package} Package */

const notSources = new Set(['dist', 'node_modules', 'test', 'README.md', 'CHANGELOG.md', 'LICENSE'])

/**
 * Builds every package whose sources, or whose dependencies' sources, changed since its last build.
 * Packages that do not depend on each other are built at the same time.
 *
 * @param {{ force?: boolean }} [options]
 */
export async function buildPackages({ force = false } = {}) {
  const lock = await readFile(path.join(root, 'package-lock.json'), 'utf8')
  const base = await readFile(path.join(root, 'tsconfig.base.json'), 'utf8')
  /** @type {Map<string, Promise<string>>} name of a package → fingerprint of what it was built from */
  const built = new Map()
  for (const each of listPackages()) {
    const dependencies = Promise.all(each.needs.map((need) => built.get(need)))
    const building = dependencies.then((fingerprints) =>
      buildPackage(each, [lock, base, ...fingerprints], force),
    )
    // A failure is reported by the Promise.all below, once; not as an unhandled rejection before it.
    building.catch(() => {})
    built.set(each.name, building)
  }
  await Promise.all(built.values())
}

/**
 * @param {Package} each
 * @param {(string | undefined)[]} context
 * @param {boolean} force
 */
async function buildPackage(each, context, force) {
  const fingerprint = await fingerprintOf(each, context)
  const script = each.manifest.scripts?.build
  if (script === undefined || (!force && (await isBuilt(each, fingerprint)))) return fingerprint
  say(`building ${each.name}`)
  await runQuietly(`building ${each.name}`, script, { cwd: each.folder })
  await mkdir(cache, { recursive: true })
  await writeFile(stampOf(each), fingerprint)
  return fingerprint
}

/**
 * @param {Package} each
 * @param {string} fingerprint
 */
async function isBuilt(each, fingerprint) {
  if (!outputsOf(each).every((file) => existsSync(path.join(each.folder, file)))) return false
  const stamp = await readFile(stampOf(each), 'utf8').catch(() => undefined)
  return stamp === fingerprint
}

/** @param {Package} each */
function outputsOf({ manifest }) {
  const exported = Object.values(manifest.exports ?? {}).flatMap((target) =>
    typeof target === 'string' ? [] : [target.types, target.default],
  )
  return exported.length > 0 ? exported : ['dist/main.js']
}

/** @param {Package} each */
function stampOf({ name }) {
  return path.join(cache, `${name.replace('/', '+')}.built`)
}

/**
 * @param {Package} each
 * @param {(string | undefined)[]} context
 */
async function fingerprintOf({ folder }, context) {
  const hash = createHash('sha256')
  for (const text of context) hash.update(`${text}\0`)
  for (const file of await sourcesIn(folder)) {
    hash.update(`${path.relative(folder, file)}\0`).update(await readFile(file))
  }
  return hash.digest('hex')
}

/**
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function sourcesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true })
  const nested = entries
    .filter(({ name }) => !notSources.has(name) && !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => {
      const place = path.join(folder, entry.name)
      return entry.isDirectory() ? sourcesIn(place) : [place]
    })
  return (await Promise.all(nested)).flat()
}
