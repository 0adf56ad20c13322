import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Gateway, startGateway } from '../src/app.js'
import { type DemoUpstream, startDemoUpstream } from '../src/demo/upstream/server.js'
import { createLogger } from '../src/logging.js'
import { readSettings } from '../src/settings.js'

export const PASSWORD = 'a password for tests only'

export interface RunningGateway extends Gateway {
  readonly upstream: DemoUpstream
  /** Everything that was logged. */
  readonly logged: () => string
  stop(): Promise<void>
}

/** The whole gateway with its demo parts, on a free port and a data directory of its own. */
export async function runGateway(env: Record<string, string> = {}): Promise<RunningGateway> {
  const directory = env.DATA_DIR ?? (await mkdtemp(path.join(tmpdir(), 'portcullis-gateway-')))
  let logged = ''
  const log = createLogger('debug', {
    write(line) {
      logged += line
    },
  })
  const upstream = await startDemoUpstream({ production: false, log })
  const settings = readSettings({
    PORT: '0',
    DATA_DIR: directory,
    DEMO_PASSWORD: PASSWORD,
    UPSTREAM_URL: upstream.url,
    ...env,
  })
  const gateway = await startGateway(settings, log)
  return {
    ...gateway,
    upstream,
    logged: () => logged,
    async stop() {
      await gateway.close()
      await upstream.close()
      if (env.DATA_DIR === undefined) await rm(directory, { recursive: true })
    },
  }
}

/** A browser as far as logging in needs one: it keeps cookies for each origin and follows redirects. */
export class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>()

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url)
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    const headers = new Headers(init.headers)
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split(';')
      const [name = '', ...value] = pair.split('=')
      const isGone = attributes.some((attribute) =>
        /^\s*max-age=0$|expires=Thu, 01 Jan 1970/i.test(attribute),
      )
      if (isGone) jar.delete(name)
      else jar.set(name, value.join('='))
    }
    return response
  }

  async follow(url: string, init: RequestInit = {}): Promise<{ response: Response; url: string }> {
    let at = url
    let response = await this.fetch(at, init)
    for (let hop = 0; hop < 15 && response.status >= 300 && response.status < 400; hop++) {
      at = new URL(response.headers.get('location') ?? '', at).href
      response = await this.fetch(at)
    }
    return { response, url: at }
  }

  cookie(url: string, name: string): string | undefined {
    return this.#cookies.get(new URL(url).host)?.get(name)
  }
}

/** Logs in through the demo provider's form, as a browser without scripts would. */
export async function logIn(gateway: Pick<Gateway, 'url'>, email: string): Promise<CookieJar> {
  const jar = new CookieJar()
  const form = await jar.follow(`${gateway.url}/oauth2/start?rd=/health`)
  const action = /<form[^>]*action="([^"]*)"/.exec(await form.response.text())?.[1]
  const target = new URL(action ?? form.url, form.url).href
  const answer = await jar.follow(target, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(target).origin },
    body: new URLSearchParams({ email, login: email, password: PASSWORD }),
  })
  if (answer.response.status !== 200 || !answer.url.startsWith(gateway.url))
    throw new Error(`not logged in: ${answer.response.status} ${answer.url} ${await answer.response.text()}`)
  return jar
}

/** Calls the gateway's API from a page of its own. */
export async function api(
  gateway: Pick<Gateway, 'url'>,
  jar: CookieJar,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await jar.fetch(gateway.url + path, {
    method,
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

export async function mint(
  gateway: Pick<Gateway, 'url'>,
  jar: CookieJar,
  body: Record<string, unknown> = {},
): Promise<{ token: string; id: string }> {
  const issued = await api(gateway, jar, 'POST', '/api/token/generate', body)
  if (issued.status !== 201) throw new Error(`not minted: ${issued.status} ${JSON.stringify(issued.body)}`)
  return { token: String(issued.body.token), id: String(issued.body.token_id) }
}
