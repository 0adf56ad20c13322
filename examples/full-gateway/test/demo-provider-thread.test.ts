import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { DemoProviderOptions } from '../src/demo/provider.js'
import { startDemoProviderThread } from '../src/demo/start-thread.js'
import { freePort } from './process-fixture.js'

const PROGRAM = new URL('../dist/demo/provider-thread.js', import.meta.url)
if (!existsSync(fileURLToPath(PROGRAM))) throw new Error('npm run build comes first')

const started = (overrides: Partial<DemoProviderOptions> = {}) => {
  const lines: unknown[] = []
  const note = (fields: unknown, text?: string) => void lines.push([fields, text])
  const log = { info: note, warn: note, error: note } as unknown as DemoProviderOptions['log']
  const options: DemoProviderOptions = {
    clientId: 'portcullis',
    clientSecret: 'a secret of the demo client',
    redirectUris: ['http://localhost:9/oauth2/callback'],
    postLogoutRedirectUris: ['http://localhost:9/'],
    password: 'correct horse',
    production: false,
    log,
    ...overrides,
  }
  return { lines, starting: startDemoProviderThread(PROGRAM, options) }
}

it('the demo provider answers while the thread that serves can do nothing, and logs where that logs', async () => {
  const { lines, starting } = started()
  const { issuer, close } = await starting
  const ask = `fetch('${issuer}/.well-known/openid-configuration').then(async (r) => console.log((await r.json()).issuer))`
  // Nothing else happens on this thread meanwhile.
  expect(execFileSync(process.execPath, ['-e', ask], { encoding: 'utf8', timeout: 20_000 }).trim()).toBe(
    issuer,
  )
  expect(JSON.stringify(lines)).toContain('not for production')
  await close()
  await expect(fetch(issuer)).rejects.toThrow()
})

it('a demo provider that cannot start says why, in production before anything runs', async () => {
  const port = await freePort()
  const first = await started({ port }).starting
  await expect(started({ port }).starting).rejects.toThrow(/EADDRINUSE/)
  await first.close()
  await expect(started({ production: true }).starting).rejects.toMatchObject({
    code: 'configuration_invalid',
  })
})
