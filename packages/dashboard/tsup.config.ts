import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'node20',
  dts: true,
  sourcemap: true,
  // Vite has already put the pages there; only what tsup itself writes may go.
  clean: ['!pages/**'],
})
