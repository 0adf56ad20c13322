import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root, runQuietly, say } from './run.mjs'

const built = ['core', 'express', 'koa', 'fastify', 'llm', 'dashboard', 'cli'].map(
  (name) => `packages/${name}`,
)
const folders = [...built, 'examples/full-gateway']
const notSources = /(^|\/)(dist|node_modules|test)(\/|$)|\.md$/
/** Gone with `node_modules`. */
const stamp = path.join(root, 'node_modules/.cache/portcullis/built')

/**
 * Builds what runs, unless it was built from these very sources before: who starts a gateway must not change the
 * files of one that is running.
 *
 * @param {{ force?: boolean, types?: boolean }} [options] `force` removes what was built and builds it anew;
 *   `types` brings the declarations up to date too
 */
export async function buildPackages({ force = false, types = false } = {}) {
  if (force)
    await Promise.all(folders.map((folder) => rm(`${root}/${folder}/dist`, { recursive: true, force })))
  await Promise.all([bundle(), types && runQuietly('tsc', `tsc -b ${folders.join(' ')}`)])
}

async function bundle() {
  const sources = await fingerprint()
  if (isBundled() && (await readFile(stamp, 'utf8').catch(() => '')) === sources) return
  say('building the packages')
  await Promise.all([
    runQuietly('tsup', 'tsup'),
    runQuietly('vite', 'vite build', { cwd: `${root}/packages/dashboard` }),
  ])
  await mkdir(path.dirname(stamp), { recursive: true })
  await writeFile(stamp, sources)
}

function isBundled() {
  const mains = folders.map((folder) =>
    ['index.js', 'main.js'].some((file) => existsSync(`${root}/${folder}/dist/${file}`)),
  )
  return mains.every(Boolean) && existsSync(`${root}/packages/dashboard/dist/pages/index.html`)
}

/** Of everything that is built, and of what decides how. */
async function fingerprint() {
  const hash = createHash('sha256')
  for (const file of ['package-lock.json', 'tsconfig.base.json', 'tsup.config.ts', ...(await listSources())])
    hash.update(`${file}\0`).update(await readFile(path.join(root, file)))
  return hash.digest('hex')
}

async function listSources() {
  const found = folders.map(async (folder) => {
    const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
  })
  return (await Promise.all(found))
    .flat()
    .filter((file) => !notSources.test(file))
    .sort()
}
