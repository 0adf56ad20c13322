import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/main.ts'],
  tsconfig: 'tsconfig.build.json',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  clean: true,
  silent: true,
  removeNodeProtocol: false,
  skipNodeModulesBundle: true,
})
