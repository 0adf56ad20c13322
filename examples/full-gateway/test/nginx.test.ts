import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { api, logIn, mint, type RunningGateway, runGateway } from './gateway-fixture.js'
import { freePort } from './process-fixture.js'

const NGINX = process.env.NGINX_PATH ?? '/usr/sbin/nginx'

let gateway: RunningGateway
let backend: Server
let directory: string
let nginx: ChildProcess
let origin: string

beforeAll(async () => {
  gateway = await runGateway()
  backend = createServer((req, res) => res.end(`hello ${req.headers['x-user']}`)).listen(0, '127.0.0.1')
  await once(backend, 'listening')
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-nginx-'))
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  const config = path.join(directory, 'nginx.conf')
  await writeFile(config, configuration(port, (backend.address() as AddressInfo).port))
  const settings = ['-p', directory, '-c', config, '-e', path.join(directory, 'error.log')]
  nginx = spawn(NGINX, settings, { stdio: 'ignore' })
  await vi.waitFor(() => fetch(origin), { timeout: 5000 })
})
afterAll(async () => {
  if (nginx?.exitCode === null) {
    nginx.kill('SIGTERM')
    await once(nginx, 'exit')
  }
  backend?.close()
  await gateway?.stop()
  await rm(directory, { recursive: true, force: true })
})

/** What an operator writes to guard a service that knows nothing of the gate. */
function configuration(port: number, backendPort: number): string {
  return `
daemon off; worker_processes 1; pid ${directory}/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/f;
  uwsgi_temp_path ${directory}/u; scgi_temp_path ${directory}/s;
  server {
    listen 127.0.0.1:${port};
    location / {
      auth_request /gate;
      auth_request_set $user $upstream_http_x_auth_request_user;
      proxy_set_header X-User $user;
      proxy_pass http://127.0.0.1:${backendPort};
    }
    location = /gate {
      internal;
      proxy_pass ${gateway.url}/oauth2/auth;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }
  }
}`
}

it('nginx asks the gate, and tells the service behind it who calls', async () => {
  const user = await logIn(gateway, 'user@example.com')
  const { token } = await mint(gateway, user)
  const call = (headers: Record<string, string> = {}) => fetch(`${origin}/things`, { headers })
  expect((await call()).status).toBe(401)
  expect((await call({ authorization: 'Bearer nonsense' })).status).toBe(401)
  const response = await call({ authorization: `Bearer ${token}`, 'x-user': 'forged@example.com' })
  expect([response.status, await response.text()]).toEqual([200, 'hello user@example.com'])

  const admin = await logIn(gateway, 'admin@example.com')
  await api(gateway, admin, 'POST', '/api/admin/sessions/revoke-user', { user_email: 'user@example.com' })
  expect((await call({ authorization: `Bearer ${token}` })).status).toBe(403)
})
