import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const base = '/token-manager/'

/**
 * Puts a classic, render-blocking script with a hashed name at the top of the document. Vite bundles module scripts
 * only, those run after the first paint, and the policy of the page forbids an inline one.
 */
function blockingScript(name: string): Plugin {
  return {
    name: 'blocking-script',
    buildStart() {
      this.emitFile({ type: 'asset', name, source: readFileSync(here(`pages/${name}`)) })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const emitted = Object.values(bundle ?? {}).find(
          (file) => file.type === 'asset' && file.names.includes(name),
        )
        if (!emitted) throw new Error(`${name} was not emitted`)
        return [{ tag: 'script', attrs: { src: base + emitted.fileName }, injectTo: 'head-prepend' }]
      },
    },
  }
}

export default defineConfig({
  root: here('pages'),
  base,
  publicDir: false,
  plugins: [react(), blockingScript('color-scheme.js')],
  build: {
    outDir: here('dist/pages'),
    emptyOutDir: true,
    // A data: URL would need a wider policy for fonts and images than the page has.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
})
