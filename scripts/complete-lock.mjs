// A registry mirror may not carry the packages for other operating systems. npm then leaves them out of
// package-lock.json without a word, and `npm ci` refuses such a lock everywhere. Run this after an `npm install`
// against such a mirror: it writes the entries that npm would have written, without their integrity.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './workspace/run.mjs'

/** @typedef {{ version?: string, dev?: boolean, optionalDependencies?: Record<string, string> }} Locked */

const file = path.join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))

/** @type {Record<string, Locked>} */
const locked = lock.packages
const missing = Object.entries(locked).flatMap(([place, { dev, optionalDependencies }]) =>
  Object.entries(optionalDependencies ?? {})
    .filter(([name, version]) => /^\d/.test(version) && !isLocked(place, name))
    .map(([name, version]) => ({
      place: `node_modules/${name}`,
      entry: entryFor(name, version, dev === true),
    })),
)

for (const { place, entry } of missing) locked[place] = entry
lock.packages = Object.fromEntries(Object.entries(locked).sort(([a], [b]) => a.localeCompare(b, 'en')))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${missing.length} entries added to package-lock.json`)

/**
 * @param {string} dependent where the package lies that asks for `name`
 * @param {string} name
 */
function isLocked(dependent, name) {
  return `node_modules/${name}` in locked || `${dependent}/node_modules/${name}` in locked
}

/**
 * What such a package supports is read from its name: `…-linux-x64-musl`, `…/win32-arm64`.
 *
 * @param {string} name
 * @param {string} version
 * @param {boolean} dev
 */
function entryFor(name, version, dev) {
  const words = name.split(/[/-]/)
  const among = (/** @type {string[]} */ ...known) => known.filter((word) => words.includes(word))
  const os = among(
    'aix',
    'android',
    'darwin',
    'freebsd',
    'linux',
    'netbsd',
    'openbsd',
    'openharmony',
    'sunos',
    'win32',
  )
  const cpu = among(
    'arm',
    'arm64',
    'ia32',
    'loong64',
    'mips64el',
    'ppc64',
    'riscv64',
    's390x',
    'wasm32',
    'x64',
  )
  const libc = [
    ...(/linux-.+-gnu(eabihf)?$/.test(name) ? ['glibc'] : []),
    ...(/linux-.+-musl(eabihf)?$/.test(name) ? ['musl'] : []),
  ]
  return {
    version,
    cpu,
    ...(dev ? { dev } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  }
}
