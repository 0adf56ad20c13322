import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './paths.mjs'

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {boolean} [private]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string | { types: string, default: string }>} [exports]
 *
 * @typedef {object} Package
 * @property {string} name
 * @property {string} folder absolute
 * @property {Manifest} manifest
 * @property {string[]} needs names of the workspace packages that it is built from
 */

/**
 * Every workspace package, each after the packages that it depends on.
 *
 * @returns {Package[]}
 */
export function listPackages() {
  const found = ['packages', 'examples'].flatMap((group) => readGroup(path.join(root, group)))
  const names = new Set(found.map(({ name }) => name))
  for (const each of found) each.needs = each.needs.filter((need) => names.has(need))
  return inDependencyOrder(found)
}

/** @param {Package} each */
export function isPublished(each) {
  return each.manifest.private !== true
}

/**
 * The import specifiers of a package that lead to code: `@portcullis/core`, `@portcullis/core/http`, …
 *
 * @param {Package} each
 */
export function publicEntries(each) {
  return Object.entries(each.manifest.exports ?? {})
    .filter(([, target]) => typeof target !== 'string')
    .map(([subpath]) => path.posix.join(each.name, subpath))
}

/**
 * @param {string} group
 * @returns {Package[]}
 */
function readGroup(group) {
  return readdirSync(group)
    .map((name) => path.join(group, name))
    .filter((folder) => existsSync(path.join(folder, 'package.json')))
    .map((folder) => {
      /** @type {Manifest} */
      const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
      const needs = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
      return { name: manifest.name, folder, manifest, needs }
    })
}

/** @param {Package[]} packages */
function inDependencyOrder(packages) {
  /** @type {Package[]} */
  const ordered = []
  const waiting = [...packages]
  while (waiting.length > 0) {
    const index = waiting.findIndex(({ needs }) =>
      needs.every((need) => ordered.some(({ name }) => name === need)),
    )
    if (index === -1)
      throw new Error(`packages depend on each other: ${waiting.map(({ name }) => name).join(', ')}`)
    ordered.push(...waiting.splice(index, 1))
  }
  return ordered
}
