import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DashboardOptions } from '../src/check-options.js'
import { dashboard, type Pages } from '../src/dashboard.js'
import { ensurePagesBuilt } from './site/build.js'

const ORIGIN = 'https://gate.example'

let pages: Pages

const ask = (path: string, init?: RequestInit) => pages.handle(new Request(`${ORIGIN}${path}`, init))
const policyOf = (response: Response) => response.headers.get('content-security-policy') ?? ''
const linked = (html: string) => [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')

beforeAll(async () => {
  await ensurePagesBuilt()
  pages = dashboard()
})

describe('the page', () => {
  it('is never stored, sniffed, framed or opened by others', async () => {
    const { status, headers } = await ask('/token-manager')
    expect(status).toBe(200)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    })
  })

  it('admits nothing but its own files, and style elements that know the nonce (CSP Level 3)', async () => {
    const response = await ask('/token-manager')
    const nonce = /nonce="([^"]+)"/.exec(await response.text())?.[1]
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/)
    expect(policyOf(response)).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; ` +
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
  })

  it('gets a nonce of its own each time', async () => {
    const policies = await Promise.all(
      Array.from({ length: 20 }, async () => policyOf(await ask('/token-manager'))),
    )
    expect(new Set(policies).size).toBe(20)
  })

  it('has no script or style between its tags and no placeholder left', async () => {
    const html = await (await ask('/token-manager')).text()
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son[a-z]+=|\sstyle=/i)
    expect(html).not.toMatch(/__[A-Z_]+__/)
  })

  it('shows a product name as text, whatever is in it', async () => {
    const named = dashboard({ productName: '"><script>$&</script>' })
    const html = await (await named.handle(new Request(`${ORIGIN}/token-manager`))).text()
    expect(html).toContain('<title>&quot;&gt;&lt;script&gt;$&amp;&lt;/script&gt;</title>')
    expect(html).not.toContain('<script>')
  })

  it('answers HEAD like GET, without a body', async () => {
    const response = await ask('/token-manager', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  it('is the same with a query', async () => {
    expect((await ask('/token-manager?from=login')).status).toBe(200)
  })
})

describe('signOutOrigins', () => {
  const formAction = async (options: DashboardOptions) =>
    /form-action [^;]*/.exec(
      policyOf(await dashboard(options).handle(new Request(`${ORIGIN}/token-manager`))),
    )?.[0]

  it('are where a form may end up, as origins', async () => {
    const options = { signOutOrigins: ['https://login.example/realms/a', 'http://127.0.0.1:4000'] }
    expect(await formAction(options)).toBe("form-action 'self' https://login.example http://127.0.0.1:4000")
  })

  it.each(['login.example', "https://a.example; script-src 'unsafe-inline'", 'javascript:alert(1)', '*', ''])(
    'refuse %j at the start',
    (text) => {
      expect(() => dashboard({ signOutOrigins: [text] })).toThrow(TypeError)
    },
  )
})

describe('options', () => {
  it.each([
    [null, ['dashboard: give an object']],
    [[], ['dashboard: give an object']],
    [
      { unknown: 1, productName: 5, signOutOrigins: ['nowhere', 5] },
      [
        'dashboard.unknown: unknown; there are productName and signOutOrigins',
        'dashboard.productName: give a text',
        'dashboard.signOutOrigins[0]: give an http: or https: origin',
        'dashboard.signOutOrigins[1]: give an http: or https: origin',
      ],
    ],
    [{ signOutOrigins: 'https://a.example' }, ['dashboard.signOutOrigins: give an array']],
  ])('%j are refused at the start, with every problem', (options, problems) => {
    expect(() => dashboard(options as never)).toThrow(
      expect.objectContaining({ code: 'configuration_invalid', problems }),
    )
  })
})

describe('the files of the page', () => {
  it('are all there, of the right type, and kept for ever (RFC 8246)', async () => {
    const files = linked(await (await ask('/token-manager')).text())
    expect(files.map((file) => file.replace(/^.*\.(?=\w+$)/, '')).sort()).toEqual(['css', 'js', 'js', 'svg'])
    const types: Record<string, string> = {
      js: 'text/javascript; charset=utf-8',
      css: 'text/css; charset=utf-8',
      svg: 'image/svg+xml',
    }
    for (const file of files) {
      const { status, headers } = await ask(file)
      expect([file, status]).toEqual([file, 200])
      expect(file).toMatch(/^\/token-manager\/assets\/[\w-]+-[\w-]{8}\.\w+$/)
      expect(headers.get('content-type')).toBe(types[file.slice(file.lastIndexOf('.') + 1)])
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('come compressed to whoever accepts gzip, with the same content (RFC 9110 §12.5.3)', async () => {
    const [file = ''] = linked(await (await ask('/token-manager')).text())
    const plain = Buffer.from(await (await ask(file)).arrayBuffer())
    const response = await ask(file, { headers: { 'accept-encoding': 'br;q=1, gzip;q=0.5' } })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(response.headers.get('vary')).toBe('accept-encoding')
    const zipped = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('content-length')).toBe(String(zipped.byteLength))
    expect(gunzipSync(zipped).equals(plain)).toBe(true)
  })

  it.each(['', 'identity', 'gzip;q=0', 'gzip; q=0.000, br', 'x-gzipped'])(
    'come as they are with accept-encoding %j',
    async (accepted) => {
      const [file = ''] = linked(await (await ask('/token-manager')).text())
      const { headers } = await ask(file, { headers: { 'accept-encoding': accepted } })
      expect(headers.get('content-encoding')).toBeNull()
    },
  )
})

describe('isPublic', () => {
  it('is true of the files, and of nothing else', () => {
    expect(pages.isPublic('/token-manager/assets/index-abc.js')).toBe(true)
    for (const path of [
      '/token-manager',
      '/token-manager/',
      '/token-manager/assets',
      '/api/token/list',
      '/',
    ]) {
      expect([path, pages.isPublic(path)]).toEqual([path, false])
    }
  })
})

describe('anything else', () => {
  it.each([
    '/token-manager/',
    '/token-manager/assets/',
    '/token-manager/index.html',
    '/token-manager/assets/../index.html',
    '/token-manager/assets/..%2findex.html',
    '/token-manager/assets/%2e%2e/index.html',
    '/token-manager/assets/..%5cindex.html',
    '/token-manager/assets/../../../package.json',
    '/token-manager/assets//etc/passwd',
    '/token-manager/assets/constructor',
    '/token-manager/assets/__proto__',
    '/token-manager/assets/%00',
    '/token-manager/assets/%',
  ])('%s is not found', async (path) => {
    const response = await ask(path)
    expect(response.status).toBe(404)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.text()).toBe('Not found\n')
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    '%s is not allowed (RFC 9110 §15.5.6)',
    async (method) => {
      const [file = ''] = linked(await (await ask('/token-manager')).text())
      for (const path of ['/token-manager', file]) {
        const response = await ask(path, { method })
        expect(response.status).toBe(405)
        expect(response.headers.get('allow')).toBe('GET, HEAD')
      }
    },
  )

  it.each([
    ['/token-manager', true],
    ['/token-manager/assets/x.js', true],
    ['/token-manager/anything', true],
    ['/token-managers', false],
    ['/token-manager.js', false],
    ['/', false],
    ['/api/token/list', false],
  ])('%s is owned: %s', (path, owned) => {
    expect(pages.owns(path)).toBe(owned)
  })
})
