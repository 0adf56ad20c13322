import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CookieJar, logIn, runGateway } from './gateway-fixture.js'
import { freePort } from './process-fixture.js'

const MASTER_KEY = 'Vb7KqLx2Nd9RtYw4Hs6PzMj8Gc3FaEu5'

const documented = (name: string) => fileURLToPath(new URL(`../proxies/${name}`, import.meta.url))

interface Proxy {
  readonly program: string
  readonly config: string
  readonly settings: Record<string, string>
  readonly args: (config: string, directory: string) => string[]
  /** What a process without rights and without the standard folders needs beside the documented lines. */
  readonly adapt: (text: string, directory: string) => string
}

const PROXIES: Record<string, Proxy> = {
  nginx: {
    program: process.env.NGINX_PATH ?? '/usr/sbin/nginx',
    config: 'nginx.conf',
    settings: { AUTH_REQUEST_PROXY: 'nginx' },
    args: (config, directory) => ['-p', directory, '-c', config, '-e', path.join(directory, 'error.log')],
    adapt: (text, directory) => {
      const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      const paths = folders.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')
      return `daemon off; worker_processes 1; pid ${directory}/nginx.pid;\n${text.replace('http {', `http { access_log off; ${paths}`)}`
    },
  },
  Caddy: {
    program: process.env.CADDY_PATH ?? '/usr/bin/caddy',
    config: 'Caddyfile',
    settings: { AUTH_REQUEST_PROXY: 'forward-auth' },
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
    adapt: (text) => `{\n\tadmin off\n\tauto_https off\n}\n${text}`,
  },
}

interface Deployment {
  readonly origin: string
  /** Calls the gate itself, past the proxy. */
  direct(path: string, headers: Record<string, string>, body: unknown): Promise<Record<string, unknown>>
  stop(): Promise<void>
}

/** The gateway, a service that knows nothing of it, and the documented configuration in front of both. */
async function deploy({ program, config, settings, args, adapt }: Proxy): Promise<Deployment> {
  const [port, gatePort] = [await freePort(), await freePort()]
  const origin = `http://127.0.0.1:${port}`
  const gateway = await runGateway({
    ...settings,
    PORT: String(gatePort),
    PUBLIC_URL: origin,
    ROLE_BY_GROUP: 'admins=viewer',
    SUPER_ADMIN_EMAIL: 'root@example.com',
    MASTER_KEY,
  })
  const service: Server = createServer((req, res) => {
    req.resume().on('end', () => res.end(`${req.method} ${req.headers['x-user']}`))
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-proxy-'))
  const text = (await readFile(documented(config), 'utf8'))
    .replaceAll('127.0.0.1:8081', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${gatePort}`)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${(service.address() as AddressInfo).port}`)
  const file = path.join(directory, config)
  await writeFile(file, adapt(text, directory))
  const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory }
  const child: ChildProcess = spawn(program, args(file, directory), { stdio: 'ignore', env })
  await vi.waitFor(() => fetch(origin), { timeout: 10_000 })
  return {
    origin,
    async direct(apiPath, headers, body) {
      const response = await fetch(`http://127.0.0.1:${gatePort}${apiPath}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers },
        body: JSON.stringify(body),
      })
      return (await response.json()) as Record<string, unknown>
    },
    async stop() {
      if (child.exitCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      service.close()
      await gateway.stop()
      await rm(directory, { recursive: true })
    },
  }
}

describe.each(Object.entries(PROXIES))('%s by its documented configuration', (name, proxy) => {
  describe.skipIf(!existsSync(proxy.program))('as it is installed here', () => {
    let deployment: Deployment
    let user: CookieJar
    let viewer: CookieJar
    let token: string

    beforeAll(async () => {
      deployment = await deploy(proxy)
      user = await logIn({ url: deployment.origin }, 'user@example.com')
      viewer = await logIn({ url: deployment.origin }, 'admin@example.com')
      const cookie = `portcullis_session=${user.cookie(deployment.origin, 'portcullis_session')}`
      token = String((await deployment.direct('/api/token/generate', { cookie }, {})).token)
    })
    afterAll(() => deployment?.stop())

    const call = (headers: Record<string, string> = {}, method = 'GET') =>
      fetch(`${deployment.origin}/things?a=1&b=2`, { method, headers, redirect: 'manual' })
    const browse = (method: string, headers: Record<string, string> = {}) =>
      user.fetch(`${deployment.origin}/things?a=1&b=2`, { method, headers })

    it('tells the service behind it who calls, and lets nobody else on', async () => {
      expect((await call()).status).toBe(401)
      expect((await call({ authorization: 'Bearer nonsense' })).status).toBe(401)
      const response = await call(
        { authorization: `Bearer ${token}`, 'x-user': 'forged@example.com' },
        'DELETE',
      )
      expect([response.status, await response.text()]).toEqual([200, 'DELETE user@example.com'])
    })

    it('lets a session change things from the gate’s own pages alone', async () => {
      expect((await browse('GET')).status).toBe(200)
      expect((await browse('POST', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
      expect((await browse('POST', { origin: 'https://evil.test' })).status).toBe(403)
      expect((await browse('POST')).status).toBe(403)
      expect((await browse('POST', { 'sec-fetch-site': 'same-origin' })).status).toBe(200)
      for (const forged of ['x-original-method', 'x-forwarded-method'])
        expect((await browse('POST', { [forged]: 'GET' })).status).toBe(403)
    })

    it('lets a viewer read and not delete', async () => {
      const asViewer = (method: string) =>
        viewer.fetch(`${deployment.origin}/things`, { method, headers: { 'sec-fetch-site': 'same-origin' } })
      expect([(await asViewer('GET')).status, (await asViewer('DELETE')).status]).toEqual([200, 403])
    })

    it('sends a browser to log in, and back to where it was', async () => {
      // fetch() says of itself that it is no navigation.
      const headers = { 'sec-fetch-mode': 'navigate', accept: 'text/html' }
      const [response] = await once(get(`${deployment.origin}/things?a=1&b=2`, { headers }), 'response')
      response.destroy()
      expect(response.statusCode).toBe(302)
      const location = new URL(response.headers.location, deployment.origin)
      expect([location.pathname, location.searchParams.get('rd')]).toEqual([
        '/oauth2/start',
        '/things?a=1&b=2',
      ])
    })

    if (name === 'nginx')
      it('keeps a place for a group', async () => {
        const place = `${deployment.origin}/staff/x`
        expect((await user.fetch(place)).status).toBe(403)
        expect((await fetch(place)).status).toBe(401)
      })

    it('lets nobody on once they are banned', async () => {
      const operator = { authorization: `Bearer ${MASTER_KEY}` }
      await deployment.direct('/api/admin/sessions/revoke-user', operator, { user_email: 'user@example.com' })
      expect((await call({ authorization: `Bearer ${token}` })).status).toBe(403)
      expect([401, 403]).toContain((await browse('GET')).status)
    })
  })
})
