import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const FAULTS = 'packages/core/test/faults/**/*.test.ts'
/** What leaves nothing behind in its process: no timer that runs on, no state of a module. */
const IN_MEMORY = 'packages/core/test/{device,gate,http,jws,oauth,request,scim,sessions,tokens}/**/*.test.ts'
const PAGES = 'packages/dashboard/test/**/*.test.ts'

/** A machine that stalls for a second fails what waits for one; a promise that is broken is broken twice. */
const ONCE_MORE = 1

/** As the bundler does: importing a script gives its text. */
const lua = {
  name: 'lua',
  transform: (text: string, file: string) =>
    file.endsWith('.lua') ? `export default ${JSON.stringify(text)}` : undefined,
}

export default defineConfig({
  plugins: [lua],
  resolve: {
    alias: [
      { find: /^@portcullis\/core\/(.+)$/, replacement: source('./packages/core/src/$1/index.ts') },
      {
        find: /^@portcullis\/(core|express|koa|fastify|llm|dashboard)$/,
        replacement: source('./packages/$1/src/index.ts'),
      },
    ],
  },
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'promises',
          include: ['{packages,examples}/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
          exclude: ['**/node_modules/**', FAULTS, PAGES, IN_MEMORY],
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        // Files share a process and the sources that it has loaded, which takes half of their time otherwise.
        test: { name: 'in memory', include: [IN_MEMORY], isolate: false, maxWorkers: 2 },
      },
      {
        extends: true,
        test: { name: 'pages', include: [PAGES], retry: ONCE_MORE, maxWorkers: 2 },
      },
      {
        extends: true,
        // One at a time and with nothing beside it: each measures how soon a fault is noticed and survived.
        test: {
          name: 'faults',
          include: [FAULTS],
          retry: ONCE_MORE,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
