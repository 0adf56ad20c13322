import { defineConfig } from 'tsup'
import manifest from './package.json' with { type: 'json' }

const entries = Object.values(manifest.exports)
  .filter((target) => typeof target !== 'string')
  .map((target) => target.default.replace(/^\.\/dist\/(.+)\.js$/, 'src/$1.ts'))

export default defineConfig({
  entry: entries,
  tsconfig: 'tsconfig.build.json',
  format: 'esm',
  target: 'node20',
  // Subpaths share chunks: an error class must be the same class whichever entry it came from.
  splitting: true,
  loader: { '.lua': 'text' },
  dts: true,
  sourcemap: true,
  clean: true,
  silent: true,
  removeNodeProtocol: false,
  skipNodeModulesBundle: true,
})
