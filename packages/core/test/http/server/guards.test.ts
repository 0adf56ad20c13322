import { createServer, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Identity } from '../../../src/authentication/identity.js'
import type { Role } from '../../../src/authorization/roles.js'
import { PortcullisError } from '../../../src/errors/portcullis-error.js'
import { createGate } from '../../../src/gate/create-gate.js'
import type { Gate } from '../../../src/gate/gate.js'
import { checkForwarder, checkMount, type Need } from '../../../src/http/server/check-server.js'
import { decideFor, decideIfSent, refusalUnless } from '../../../src/http/server/guards.js'
import { listener } from '../../../src/http/server/node.js'
import { guardUpgrades } from '../../../src/http/server/upgrades.js'
import { inTurn } from '../../../src/request/connection.js'
import { memoryStore } from '../../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../../gate/gate-fixture.js'

const somebody = (role: Role, scopes: readonly string[] = []) => ({ role, scopes }) as Identity

function problemsOf(mount: () => unknown): readonly string[] {
  try {
    mount()
  } catch (error) {
    if (error instanceof PortcullisError && error.code === 'configuration_invalid') return error.problems
    throw error
  }
  return []
}

describe('what a route asks for', () => {
  it.each([
    ['user', ['user', 'team', 'customer', 'admin', 'super_admin']],
    ['admin', ['admin', 'super_admin']],
    ['super_admin', ['super_admin']],
  ] as const)('role %s is given by %j alone', (role, sufficient) => {
    const roles: Role[] = ['viewer', 'user', 'team', 'customer', 'admin', 'super_admin']
    const let_in = roles.filter((candidate) => !refusalUnless(somebody(candidate), { role }))
    expect(let_in).toEqual(sufficient)
    expect(refusalUnless(somebody('viewer'), { role })).toMatchObject({
      code: 'role_insufficient',
      status: 403,
    })
  })

  it('a role that nobody has heard of is never enough', () => {
    expect(refusalUnless(somebody('root' as Role), { role: 'user' })).toMatchObject({ status: 403 })
  })

  it.each([
    [{ scopes: ['reports:read'] }, 'scopes: unknown; scope is meant, perhaps'],
    [{ role: 'admni' }, 'role: give user or admin or super_admin'],
    [{ role: 'constructor' }, 'role: give user or admin or super_admin'],
    [{ scope: undefined }, 'scope: undefined'],
    [{ scope: ['api'] }, 'scope: give a text that is not empty'],
    [{ group: '' }, 'group: give a text that is not empty'],
    [undefined, 'need: give an object'],
  ])('that makes no sense, as %j, is thrown instead of letting everybody on', (need, problem) => {
    expect(() => refusalUnless(somebody('super_admin'), need as Need)).toThrow(problem)
    expect(problemsOf(() => refusalUnless(undefined, need as Need))).toEqual([problem])
  })

  it('is checked at mount, with every problem at once', async () => {
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'https://gate.test',
      secret: SECRET,
      keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
      scopes: { 'reports:read': 'Read reports' },
    })
    for (const need of [{}, { scope: 'reports:read' }, { role: 'admin' }, { group: 'staff' }] as const)
      expect(() => checkMount(gate, need)).not.toThrow()
    expect(problemsOf(() => checkMount(gate, { scope: 'no:such' }))).toEqual([
      'scope: "no:such" is not one of api, tokens:write, admin, reports:read',
    ])
    expect(problemsOf(() => checkMount(undefined as never, { role: 'admni' } as never))).toEqual([
      'gate: give an object with owns, authenticate, handle, refuse',
      'role: give user or admin or super_admin',
    ])
    expect(problemsOf(() => listener(undefined as never, () => {}))).toHaveLength(1)
    expect(problemsOf(() => guardUpgrades(createServer(), undefined as never, () => {}))).toHaveLength(1)
    await gate.close()
  })

  // RFC 6750 §3.1
  it('a scope is named in the refusal, and none is asked of whoever has it', () => {
    expect(refusalUnless(somebody('admin', ['api']), { scope: 'reports:read' })).toMatchObject({
      status: 403,
      challengeError: 'insufficient_scope',
      scope: 'reports:read',
    })
    expect(refusalUnless(somebody('user', ['reports:read']), { scope: 'reports:read' })).toBeUndefined()
  })

  it('a group is needed exactly as it is spelled, and no role makes up for it', () => {
    const member = (groups: readonly string[]) =>
      ({ role: 'super_admin', scopes: [], groups }) as unknown as Identity
    expect(refusalUnless(member(['staff']), { group: 'staff' })).toBeUndefined()
    for (const groups of [[], ['Staff'], ['staff,admins'], ['staff '], ['staffs']])
      expect(refusalUnless(member(groups), { group: 'staff' })).toMatchObject({
        code: 'group_insufficient',
        status: 403,
      })
  })

  it('nobody has neither, and is told so without an error code', () => {
    const refusal = refusalUnless(undefined, { role: 'user' })
    expect(refusal).toMatchObject({ code: 'credentials_missing', status: 401 })
    expect(refusal).not.toHaveProperty('challengeError')
  })
})

describe('a browser', () => {
  const page = (headers: Record<string, string> = {}) => {
    const req = new IncomingMessage(new Socket())
    req.method = 'GET'
    req.url = '/page'
    req.httpVersion = '1.1'
    req.rawHeaders = Object.entries({
      Host: 'gate.test',
      'Sec-Fetch-Mode': 'navigate',
      Accept: 'text/html',
      ...headers,
    }).flat()
    return req
  }
  const open = (): Promise<Gate> =>
    createGate({
      store: memoryStore(),
      publicUrl: 'https://gate.test',
      secret: SECRET,
      keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
      identityProvider: {
        issuer: 'https://login.test',
        begin: () => Promise.reject(new Error('not called')),
        complete: () => Promise.reject(new Error('not called')),
        logoutUrl: () => Promise.reject(new Error('not called')),
        ready: async () => true,
      },
    })

  it('without a session goes on to what is optional, and to log in for what is not', async () => {
    const gate = await open()
    expect(await decideIfSent(gate, page())).toBeUndefined()
    const answer = await decideFor(gate, page(), undefined, { role: 'user' })
    expect(answer).toBeInstanceOf(Response)
    expect((answer as Response).headers.get('location')).toBe('/oauth2/start?rd=%2Fpage')
    await gate.close()
  })

  it('whose session has ended is sent to log in, also where a session is optional', async () => {
    const gate = await open()
    const answer = await decideIfSent(gate, page({ Cookie: '__Host-portcullis_session=ended' }))
    expect((answer as Response).status).toBe(302)
    await gate.close()
  })
})

describe('what is mounted', () => {
  const gate = { owns() {}, authenticate() {}, handle() {}, refuse() {} } as unknown as Gate
  const nothing = undefined as never

  it.each([
    ['a need that is null', () => checkMount(gate, null as never), ['need: give an object']],
    ['no gate and no need', () => checkMount({} as Gate, 5 as never), 2],
    ['a handler that is none', () => listener(gate, nothing), ['listener: give a function']],
    ['a listener that is none', () => inTurn({} as never), ['listener: give a function']],
    [
      'nobody to take WebSockets over',
      () => guardUpgrades(createServer(), gate, nothing),
      ['handle: give a function'],
    ],
    ['a forwarder that is none', () => checkForwarder(null), ['forwarder: give an object with forward']],
    [
      'options of a store',
      () => memoryStore({ clocks: 5 } as never),
      [expect.stringContaining('memory.clocks: unknown')],
    ],
    ['a store without options', () => memoryStore(null as never), ['memory: give an object']],
  ])('is checked then, not at the first request: %s', (_, mount, problems) => {
    if (typeof problems === 'number') expect(problemsOf(mount)).toHaveLength(problems)
    else expect(problemsOf(mount)).toEqual(problems)
  })
})
