import { describe, expect, it } from 'vitest'
import { listAudit } from '../../src/audit/list.js'
import { authenticate } from '../../src/authentication/authenticate.js'
import { resolveOptions } from '../../src/gate/resolve-options.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { memoryStore } from '../../src/store/memory.js'
import { gateFixture } from '../gate/gate-fixture.js'
import { httpFixture, MASTER_KEY } from '../http/http-fixture.js'

const view = (key: string) => ({ method: 'POST', target: '/v1/messages', rawHeaders: ['x-api-key', key] })

describe('the master key', () => {
  it('administers, and is audited by its name', async () => {
    const fixture = await httpFixture()
    const response = await fixture.call('POST', '/api/admin/sessions/revoke-user', {
      headers: { authorization: `Bearer ${MASTER_KEY}` },
      body: { user_email: 'user@example.com' },
    })
    expect(response.status).toBe(200)
    const [entry] = (await listAudit(fixture.context, { limit: 1 })).items
    expect(entry).toMatchObject({ action: 'account.ban', actor: 'master-key', subject: 'user@example.com' })
  })

  it('calls nothing behind the gate, unless it was given everything', async () => {
    const { context } = await gateFixture({ plugins: [masterKey({ key: MASTER_KEY })] })
    expect(await authenticate(context, view(MASTER_KEY))).toMatchObject({
      denial: { code: 'scope_insufficient' },
    })
    const all = await gateFixture({ plugins: [masterKey({ key: MASTER_KEY, scopes: 'everything' })] })
    expect((await authenticate(all.context, view(MASTER_KEY))).outcome).toBe('allow')
  })

  it('is off by default, and nothing like it works', async () => {
    const { context } = await gateFixture()
    expect((await authenticate(context, view(MASTER_KEY))).outcome).toBe('deny')
    const on = await gateFixture({ plugins: [masterKey({ key: MASTER_KEY })] })
    for (const wrong of [MASTER_KEY.slice(1), `${MASTER_KEY}x`, MASTER_KEY.toLowerCase(), 'x'])
      expect((await authenticate(on.context, view(wrong))).outcome).toBe('deny')
  })

  it.each(['short', 'changeme-changeme-changeme-changeme'])('is refused as %j', (key) => {
    const options = {
      store: memoryStore(),
      publicUrl: 'https://gate.test',
      secret: 'f3Yq0wXn7ZrT5kLb2VhJ8cPdGm4sQaEu',
      keys: [{ algorithm: 'HS256', secret: 'Jw6TzBq1Rv8NxK3mHy5LcGd0SfPa9EuO' }] as const,
    }
    expect(() => resolveOptions({ ...options, plugins: [masterKey({ key })] })).toThrow(
      expect.objectContaining({ problems: [expect.stringMatching(/^masterKey\.key: /)] }),
    )
  })
})
