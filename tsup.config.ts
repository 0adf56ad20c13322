import { readFileSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

/** What every package has in common; declarations come from `tsc -b`. */
const base: Options = {
  format: 'esm',
  target: 'node20',
  // Entries share chunks: an error class must be the same class whichever entry it came from.
  splitting: true,
  loader: { '.lua': 'text' },
  sourcemap: true,
  // What tsc and Vite have put there stays.
  clean: ['!**/*.d.ts', '!.tsbuildinfo', '!pages/**'],
  silent: true,
  removeNodeProtocol: false,
  skipNodeModulesBundle: true,
}

function bundle(folder: string, entry: string[]): Options {
  return {
    ...base,
    entry: entry.map((file) => `${folder}/src/${file}`),
    outDir: `${folder}/dist`,
    tsconfig: `${folder}/tsconfig.json`,
  }
}

/** The entries of core, as its `exports` name them. */
const { exports } = JSON.parse(readFileSync('packages/core/package.json', 'utf8')) as {
  exports: Record<string, string | { default: string }>
}
const entriesOfCore = Object.values(exports).flatMap((target) =>
  typeof target === 'string' ? [] : [target.default.replace(/^\.\/dist\/(.+)\.js$/, '$1.ts')],
)

export default defineConfig([
  bundle('packages/core', entriesOfCore),
  ...['express', 'koa', 'fastify', 'llm', 'dashboard'].map((name) =>
    bundle(`packages/${name}`, ['index.ts']),
  ),
  bundle('packages/cli', ['main.ts']),
  bundle('examples/full-gateway', ['main.ts', 'demo/provider-thread.ts']),
])
