import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const BUILT = at('dist/pages/index.html')
const LOCK = at('dist/.pages-lock')
const PATIENCE_MS = 45_000

/** Builds the pages if their sources are newer than the last build; test files running at once build only once. */
export async function ensurePagesBuilt(): Promise<void> {
  mkdirSync(at('dist'), { recursive: true })
  const deadline = Date.now() + PATIENCE_MS
  while (existsSync(LOCK) || stale()) {
    if (claimed()) {
      try {
        if (stale()) await build({ configFile: at('vite.config.ts'), logLevel: 'error' })
      } finally {
        rmSync(LOCK, { recursive: true, force: true })
      }
    } else {
      // Whoever was killed while building left the lock behind.
      if (Date.now() > deadline) rmSync(LOCK, { recursive: true, force: true })
      await wait(100)
    }
  }
}

function claimed(): boolean {
  try {
    mkdirSync(LOCK)
    return true
  } catch {
    return false
  }
}

function stale(): boolean {
  if (!existsSync(BUILT)) return true
  const built = statSync(BUILT).mtimeMs
  const sources = readdirSync(at('pages'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
  return [...sources, at('vite.config.ts')].some((source) => statSync(source).mtimeMs > built)
}
