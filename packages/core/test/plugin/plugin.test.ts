import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { banAccount } from '../../src/accounts/ban.js'
import { denialsOf } from '../../src/errors/denial.js'
import { createGate, ownedPaths } from '../../src/gate/create-gate.js'
import type { Plugin, Started } from '../../src/plugin/plugin.js'
import { defineRoute, type Route } from '../../src/plugin/route.js'
import { memoryStore } from '../../src/store/memory.js'
import { actingAs, gateFixture, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { httpFixture, sessionOf } from '../http/http-fixture.js'

const isCount = (value: unknown): value is number => typeof value === 'number'

function plugin<const Name extends string>(
  name: Name,
  more: Partial<Plugin> = {},
  started: Started = {},
): Plugin<Name, undefined> {
  return { ...more, name, start: () => started as Started<undefined> }
}

const visible = (path: string, more: Partial<Route> = {}) =>
  defineRoute({
    method: 'GET',
    path,
    access: 'identified',
    summary: 'Test',
    handle: async () => Response.json({}),
    ...more,
  } as Route)

const open = (plugins: readonly Plugin[]) =>
  createGate({
    store: memoryStore(),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    plugins,
  })

const problemsOf = async (...plugins: readonly Plugin[]): Promise<readonly string[]> =>
  open(plugins).then(
    async (gate) => {
      await gate.close()
      return []
    },
    (error: { code: string; problems: readonly string[] }) => {
      expect(error.code).toBe('configuration_invalid')
      return error.problems
    },
  )

describe('two plugins that claim one thing stop the start, and both are named', () => {
  const text = { status: 400, title: 'x', detail: 'x' }

  it.each<[string, Partial<Plugin>, string]>([
    ['code', { denials: { a_refused: text } }, 'a_refused'],
    ['scope', { scopes: { 'a:read': 'x' } }, 'a:read'],
    ['audit action', { auditActions: { 'a.done': 'ordinary' } }, 'a.done'],
    ['path', { namespaces: ['/a/'] }, '/a/'],
    ['collection', { collections: { seen: 'a-seen' } }, 'a-seen'],
    ['actor', { actsAs: 'an-office' }, 'an-office'],
    ['sealing context', { sealingContexts: ['a-seal'] }, 'a-seal'],
  ])('%s', async (kind, more, what) => {
    expect(await problemsOf(plugin('one', more), plugin('two', more))).toEqual([
      `plugins: two and one both claim the ${kind} ${what}`,
    ])
  })

  it('place', async () => {
    const kept = (name: string) => ({ collections: { [name]: { name, in: ['a-place'] } } })
    expect(await problemsOf(plugin('one', kept('seen')), plugin('two', kept('heard')))).toEqual([
      'plugins: two and one both claim the place a-place',
    ])
  })

  it('name', async () => {
    expect(await problemsOf(plugin('one'), plugin('one'))).toEqual([
      'plugins: one and one both claim the name one',
    ])
  })

  it.each([
    ['/a/{id}', '/a/b'],
    ['/a/b', '/a/b'],
  ])('route %s and %s', async (one, two) => {
    const problems = await problemsOf(
      plugin('one', {}, { routes: [visible(one)] }),
      plugin('two', {}, { routes: [visible(two)] }),
    )
    expect(problems).toEqual([`plugins: two and one both claim the path ${two}`])
  })

  it('a route in the namespace of another', async () => {
    const problems = await problemsOf(
      plugin('one', { namespaces: ['/a/'] }),
      plugin('two', {}, { routes: [visible('/a/b')] }),
    )
    expect(problems).toEqual(['plugins: two claims the path /a/b in /a/ of one'])
  })
})

describe('what a plugin spells wrong stops the start and is named', () => {
  it.each<[string, object, object, string]>([
    ['a member', { colections: ['a'] }, {}, 'one.colections: unknown; collections is meant, perhaps'],
    [
      'a list that is none',
      { collections: 'a' },
      {},
      'one.collections: give an array of names, or an object',
    ],
    [
      'a member of what it starts',
      {},
      { credentialKind: [] },
      'one: what start answers: credentialKind: unknown; credentialKinds is meant, perhaps',
    ],
    [
      'a code',
      { denials: { 'One-Bad': {} } },
      {},
      'one: "One-Bad": a code has lower-case letters, digits and underscores',
    ],
    [
      'an audit action',
      { auditActions: { revoke: 'essential' } },
      {},
      'one: "revoke": an audit action is of the form thing.deed',
    ],
    [
      'a place',
      { collections: { a: { name: 'a-a', in: ['plugin-two'] } } },
      {},
      'one: "plugin-two": a place has small letters and dashes',
    ],
    [
      'an action of the gate',
      { gateActions: ['token.forge'] },
      {},
      'one: "token.forge" is no audit action of the gate',
    ],
    ['an actor', { actsAs: 'ann@example.com' }, {}, 'one: actsAs has small letters, digits and dashes'],
    ['a namespace', { namespaces: ['one'] }, {}, 'one: "one": a namespace is a path such as /one/'],
    [
      'a metric',
      {},
      { metrics: [{ name: 'One-Total', help: 'x', type: 'counter', read: () => 1 }] },
      'one: "One-Total": a metric has a name of lower-case letters, digits and underscores',
    ],
  ])('%s', async (_, more, started, problem) => {
    expect(await problemsOf(plugin('one', more as Partial<Plugin>, started as Started))).toEqual([problem])
  })

  it('a start that answers nothing', async () => {
    expect(await problemsOf({ name: 'one', start: () => undefined as never })).toEqual([
      'one: what start answers: give an object',
    ])
  })
})

describe('what is the gate’s own no plugin can take', () => {
  it.each<[string, Plugin]>([
    ['a member', plugin('tokens')],
    ['a code', plugin('one', { denials: { token_revoked: { status: 200, title: 'x', detail: 'x' } } })],
    ['a scope', plugin('one', { scopes: { admin: 'x' } })],
    ['an audit action', plugin('one', { auditActions: { 'account.ban': 'ordinary' } })],
    ['a collection', plugin('one', { collections: { seen: 'standing' } })],
    ['a place', plugin('one', { collections: { seen: { name: 'seen', in: ['audit'] } } })],
    ['an actor', plugin('one', { actsAs: 'audit-retention' })],
    ['a sealing context', plugin('one', { sealingContexts: ['session'] })],
    ['a route', plugin('one', {}, { routes: [visible('/api/admin/audit', { access: 'public' })] })],
    ['a route by a pattern', plugin('one', {}, { routes: [visible('/api/{x}/{y}', { access: 'public' })] })],
  ])('%s', async (_, one) => {
    expect((await problemsOf(one)).join()).toMatch(/the gate/)
  })

  it('every member of a gate is a name that is taken', async () => {
    const gate = await open([])
    onTestFinished(() => gate.close())
    for (const member of Object.keys(gate)) expect(await problemsOf(plugin(member))).not.toEqual([])
  })
})

describe('a route of a plugin', () => {
  it.each<[string, Partial<Route>]>([
    ['without access', { access: undefined as never }],
    ['with an access that nobody knows', { access: 'everybody' as never }],
    ['public without a limit', { access: 'public' }],
    ['for every path', { path: '/{anything}' }],
    ['with a path that is a pattern', { path: '/a/*' }],
  ])('%s stops the start', async (_, wrong) => {
    expect(await problemsOf(plugin('one', {}, { routes: [visible('/a', wrong)] }))).toContainEqual(
      expect.stringMatching(/^one: the route /),
    )
  })

  it('is owned, documented, and closed to whom its access leaves out', async () => {
    const seen: object[] = []
    const { call, context, table } = await httpFixture({
      plugins: [
        plugin(
          'billing',
          { namespaces: ['/billing/'] },
          {
            routes: [
              defineRoute({
                method: 'POST',
                path: '/billing/invoices',
                access: 'admin',
                summary: 'Bill somebody',
                body: z.object({ cents: z.int() }),
                async handle(given) {
                  seen.push(given)
                  return Response.json({ cents: given.body.cents, by: given.identity.email })
                },
              }),
            ],
          },
        ),
      ],
    })
    expect(['/billing/invoices', '/billing/none', '/billings'].map(ownedPaths(table))).toEqual([
      true,
      true,
      false,
    ])
    const document = (await (await call('GET', '/openapi.json')).json()) as { paths: Record<string, object> }
    expect(document.paths['/billing/invoices']).toMatchObject({ post: { summary: 'Bill somebody' } })

    const admin = await sessionOf(context, 'admin@example.com')
    const user = await sessionOf(context, 'user@example.com')
    const send = async (headers: Record<string, string>, body: unknown) => {
      const response = await call('POST', '/billing/invoices', { headers, body })
      return [response.status, ((await response.json()) as { code?: string }).code]
    }
    expect(await send(user, { cents: 5 })).toEqual([403, 'role_insufficient'])
    expect(await send(admin, { cents: 'five' })).toEqual([400, 'input_invalid'])
    expect(await send(admin, { cents: 5 })).toEqual([200, undefined])
    await banAccount(context, { account: 'admin@example.com', by: actingAs('root@example.com') })
    expect((await send(admin, { cents: 5 }))[0]).toBe(403)
    expect(seen).toHaveLength(1)
    expect(seen[0]).not.toHaveProperty('deps')
  })

  it('is neither cached nor sniffed unless it says so, and refuses by codes of the plugin that have a page', async () => {
    const denials = { billing_closed: { status: 409, title: 'Closed', detail: 'Come back tomorrow.' } }
    const refuse = denialsOf(denials)
    const { call } = await httpFixture({
      plugins: [
        plugin(
          'billing',
          { denials },
          {
            routes: [
              visible('/billing', {
                access: 'public',
                unlimitedBecause: 'It is a test',
                handle: async () => refuse('billing_closed'),
              }),
            ],
          },
        ),
      ],
    })
    const response = await call('GET', '/billing')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ code: 'billing_closed', detail: 'Come back tomorrow.' })
    const page = await call('GET', '/.well-known/portcullis/problems/billing_closed')
    expect(await page.text()).toContain('Come back tomorrow.')
  })
})

describe('what a plugin gets', () => {
  const counting = (name: string): Plugin<string, { count(): Promise<number | undefined> }> => ({
    name,
    collections: ['seen'],
    start: ({ collection }) => ({
      api: {
        count: () => collection('seen', isCount).update('all', (current = 0) => ({ value: current + 1 })),
      },
    }),
  })

  it('are records of its own, whatever others call theirs', async () => {
    const { plugins } = await gateFixture({ plugins: [counting('one'), counting('two')] })
    const apis = plugins.apis as Record<'one' | 'two', { count(): Promise<number> }>
    await apis.one.count()
    expect(await Promise.all([apis.one.count(), apis.two.count()])).toEqual([2, 1])
  })

  it('are in the store where records were before there was the plugin, by the name that it gives', async () => {
    const { plugins, store } = await gateFixture({
      plugins: [{ ...counting('one'), collections: { seen: 'seen-long-ago' } }],
    })
    await store.commit('plugin-one', {
      writes: [{ put: { collection: 'seen-long-ago', id: 'all' }, value: 41 }],
    })
    const { one } = plugins.apis as Record<'one', { count(): Promise<number> }>
    expect(await one.count()).toBe(42)
  })

  it('loses no count when many write at once', async () => {
    const { plugins } = await gateFixture({ plugins: [counting('one')] })
    const { one } = plugins.apis as Record<'one', { count(): Promise<number> }>
    const counts = await Promise.all(Array.from({ length: 10 }, () => one.count()))
    expect(counts.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('is no collection and no audit action that it has not declared', async () => {
    let attempts: (() => unknown)[] = []
    await gateFixture({
      plugins: [
        {
          name: 'one',
          collections: ['seen'],
          start(context) {
            const recorded = { actor: 'x', credential: 'service', subject: 'y' } as const
            attempts = [
              () => context.collection('tokens', isCount),
              () => context.collection('two/seen', isCount),
              () => context.audit({ ...recorded, action: 'account.ban' }),
            ]
            return {}
          },
        },
      ],
    })
    for (const attempt of attempts) {
      const attempted = (async () => attempt())()
      await expect(attempted).rejects.toThrow(TypeError)
      await expect(attempted).rejects.toMatchObject({ code: 'configuration_invalid' })
    }
  })

  it('is what the judge says of an account', async () => {
    let judge: (account: string) => Promise<unknown> = async () => undefined
    const { context: deps } = await gateFixture({
      plugins: [
        {
          name: 'one',
          start(context) {
            judge = context.judge
            return {}
          },
        },
      ],
    })
    expect(await judge('user@example.com')).toBeUndefined()
    await banAccount(deps, { account: 'user@example.com', by: actingAs('root@example.com') })
    expect(await judge('user@example.com')).toMatchObject({ code: 'account_banned' })
  })
})

describe('the list of plugins', () => {
  const options = {
    store: memoryStore(),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
  } as const

  it('gives the gate what each adds, by name and with its type', async () => {
    const billing: Plugin<'billing', { total(): number }> = {
      name: 'billing',
      start: () => ({ api: { total: () => 5 } }),
    }
    const gate = await createGate({ ...options, plugins: [billing, plugin('silent')] })
    onTestFinished(() => gate.close())
    expect(gate.billing.total()).toBe(5)
    expectTypeOf(gate.billing).toEqualTypeOf<{ total(): number }>()
    expect(gate).not.toHaveProperty('silent')
    // @ts-expect-error: a plugin without an api adds nothing
    expect(gate.silent).toBeUndefined()
  })

  it('is closed in reverse, also when a later one does not start', async () => {
    const closed: string[] = []
    const closing = (name: string) => plugin(name, {}, { close: () => void closed.push(name) })
    const gate = await open([closing('one'), closing('two')])
    await gate.close()
    expect(closed).toEqual(['two', 'one'])
    const failing = { ...plugin('three'), start: () => Promise.reject(new Error('no')) }
    await expect(open([closing('one'), failing])).rejects.toThrow('no')
    expect(closed).toEqual(['two', 'one', 'one'])
  })

  it('names a plugin that another needs and that is missing', async () => {
    expect(await problemsOf(plugin('one', { requires: ['two'] }))).toEqual([
      'plugins: one needs two to be listed, too',
    ])
  })
})
