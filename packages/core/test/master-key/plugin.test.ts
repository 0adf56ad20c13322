import { describe, expect, it, onTestFinished } from 'vitest'
import type { OperatorKind } from '../../src/authentication/credential-kind.js'
import { createGate } from '../../src/gate/create-gate.js'
import { masterKey } from '../../src/master-key/plugin.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { memoryStore } from '../../src/store/memory.js'
import { gateFixture, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { MASTER_KEY } from '../http/http-fixture.js'

const KEY = 'anybody'
const view = (key: string) => ({ method: 'GET', target: '/', rawHeaders: ['x-api-key', key] })

/** A plugin of a stranger's that lets in whoever presents `KEY`, judged by nobody. */
const stranger = (more: Partial<Plugin>, account = 'backup'): Plugin => ({
  name: 'stranger',
  ...more,
  start({ clock, partitionOf, scopes }) {
    const kind: OperatorKind = {
      name: 'backup_key',
      isOfOperator: true,
      prove: (key) =>
        key === KEY ? { ok: true, value: { partition: partitionOf(account), id: account } } : undefined,
      describe: () => ({
        accountId: account,
        role: 'super_admin',
        scopes,
        issuedAt: clock(),
        expiresAt: clock() + 1000,
      }),
    }
    return { credentialKinds: [kind] }
  },
})

const open = async (...plugins: readonly Plugin[]) => {
  const gate = await createGate({
    store: memoryStore(),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    plugins,
  })
  onTestFinished(() => gate.close())
  return gate
}
const problemsOf = (...plugins: readonly Plugin[]): Promise<readonly string[]> =>
  open(...plugins).then(
    () => [],
    (error: { problems: readonly string[] }) => error.problems,
  )

describe('what nobody judges', () => {
  it('is told at every start, by whose plugin and under which name', async () => {
    const { events } = await gateFixture({ plugins: [masterKey({ key: MASTER_KEY })] })
    expect(events).toContainEqual({
      level: 'info',
      code: 'operator_credential',
      detail: 'masterKey: whoever has the master_key acts as master-key, a super admin whom no ban ends',
    })
  })

  it('can be brought by any plugin that declares it', async () => {
    const gate = await open(stranger({ operators: { backup_key: 'backup' } }))
    expect(await gate.authenticate(view(KEY))).toMatchObject({
      outcome: 'allow',
      identity: { accountId: 'backup', credential: { kind: 'backup_key' } },
    })
  })

  it('cannot be brought by a plugin that does not', async () => {
    const expected = [
      'stranger: the kind backup_key cannot do without the judge: it is none of its operators',
    ]
    expect(await problemsOf(stranger({}))).toEqual(expected)
    expect(await problemsOf(stranger({ operators: { another: 'backup' } }))).toEqual(expected)
  })

  it('acts under no other name than the declared one', async () => {
    const gate = await open(stranger({ operators: { backup_key: 'backup' } }, 'root@example.com'))
    await expect(gate.authenticate(view(KEY))).rejects.toThrow('another name than it declares')
  })

  it.each(['root@example.com', 'subject:x:y', 'service:program', ''])(
    'is called %j by no plugin',
    async (name) => {
      expect(await problemsOf(stranger({ operators: { backup_key: name } }, name))).toEqual([
        'stranger: an operator is named by small letters, digits and dashes',
      ])
    },
  )

  it.each(['scim', 'identity-provider', 'audit-retention'])(
    'is not called %s, as the gate itself is',
    async (name) => {
      expect(await problemsOf(stranger({ operators: { backup_key: name } }, name))).toEqual([
        `plugins: stranger and the gate both claim the operator ${name}`,
      ])
    },
  )

  it('has a name that no other plugin gives', async () => {
    const other = stranger({ operators: { backup_key: 'master-key' } }, 'master-key')
    expect(await problemsOf(masterKey({ key: MASTER_KEY }), other)).toEqual([
      'plugins: stranger and masterKey both claim the operator master-key',
    ])
  })
})

it.each([
  [undefined, 'masterKey: give an object'],
  [{}, 'masterKey.key: required'],
  [{ key: MASTER_KEY, scopes: 'all' }, 'masterKey.scopes: '],
  [{ key: MASTER_KEY, scope: 'everything' }, 'masterKey.scope: unknown; scopes is meant, perhaps'],
])('options %j are told', async (options, problem) => {
  const problems = await problemsOf(masterKey(options as never))
  expect(problems).toContainEqual(expect.stringContaining(problem))
})
