import { expect, it } from 'vitest'
import type { CredentialKind } from '../../src/authentication/credential-kind.js'
import { denialsOf } from '../../src/errors/denial.js'
import { createGate } from '../../src/gate/create-gate.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET, TestClock } from '../gate/gate-fixture.js'
import { afterwards } from '../proxy/harness.js'
import { isRobot, robots, USER } from './credential-kinds.fixture.js'

const denials = {
  robots_wrong: { status: 401, title: 'Wrong', detail: 'The signature is wrong.' },
  robots_unknown: { status: 401, title: 'Unknown', detail: 'There is no such robot.' },
  robots_retired: { status: 401, title: 'Retired', detail: 'This robot has been retired.' },
  robots_late: { status: 401, title: 'Late', detail: 'This was signed long ago.', isGuess: false },
} as const
const refuse = denialsOf(denials)

async function start(more: Partial<CredentialKind> = {}) {
  const clock = new TestClock()
  const gate = await createGate({
    store: memoryStore({ clock: clock.read }),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    clock: clock.read,
    rateLimits: { guessesPerMinute: 5 },
    plugins: [robots(more, { denials })],
  })
  afterwards(() => gate.close())
  const decide = (id = 'r1') =>
    gate.authenticate({
      method: 'GET',
      target: '/',
      rawHeaders: ['x-robot', id],
      remoteAddress: '192.0.2.1',
    })
  const ask = async (id?: string) => {
    const decision = await decide(id)
    return decision.outcome === 'deny' ? decision.denial.code : decision.outcome
  }
  const robotsOf = gate.robots.context.collection('robots', isRobot, { account: USER })
  return { gate, clock, decide, ask, robotsOf }
}

const put = { id: 'r1', value: { createdAt: 0 } }
const lasting = (expiresAt: number): Partial<CredentialKind> => ({
  describe: () => ({ accountId: USER, role: 'user', scopes: ['api'], issuedAt: 0, expiresAt }),
})

it('a credential that has expired by what its kind says is refused, whatever the kind checks itself', async () => {
  const at = new TestClock().now + 1000
  const { clock, ask, robotsOf } = await start(lasting(at))
  await robotsOf.put(put)
  clock.advance(999)
  expect(await ask()).toBe('allow')
  clock.advance(1)
  expect(await ask()).toBe('token_expired')
})

it('an expiry that is no instant lets nobody in', async () => {
  const { ask, robotsOf } = await start(lasting(Number.NaN))
  await robotsOf.put(put)
  expect(await ask()).toBe('token_expired')
})

it('a credential is taken for as long as its kind allows for clocks of others', async () => {
  const at = new TestClock().now
  const describe = lasting(at).describe as () => object
  const { clock, ask, robotsOf } = await start({
    describe: () => ({ ...describe(), takenUntil: at + 30_000 }) as never,
  })
  await robotsOf.put(put)
  clock.advance(29_999)
  expect(await ask()).toBe('allow')
  clock.advance(1)
  expect(await ask()).toBe('token_expired')
})

it('nothing is noted of the use of an expired credential', async () => {
  let noted = 0
  const { ask, robotsOf } = await start({
    ...lasting(5),
    admitted: () => {
      noted += 1
    },
  })
  await robotsOf.put(put)
  await ask()
  expect(noted).toBe(0)
})

it('without a record nobody is let in, nor goes on, unless the kind says that its records only revoke', async () => {
  const { gate, decide, ask, robotsOf } = await start()
  expect(await ask()).toBe('token_invalid')
  await robotsOf.put(put)
  const decision = await decide()
  if (decision.outcome !== 'allow') throw new Error(decision.outcome)
  expect(await gate.stillAllowed(decision.identity)).toBe(true)
  await robotsOf.delete('r1')
  expect(await gate.stillAllowed(decision.identity)).toBe(false)

  const read = () => true
  const revoking = await start({ records: { collection: 'robots', read, mayBeAbsent: true } })
  expect(await revoking.ask()).toBe('allow')
})

const times = async (count: number, ask: () => Promise<string>) => {
  const answers: string[] = []
  for (let time = 0; time < count; time += 1) answers.push(await ask())
  return answers
}

it.each<[string, Partial<CredentialKind>, string]>([
  ['prove', { prove: () => ({ ok: false, denial: refuse('robots_wrong') }) }, 'robots_wrong'],
  ['prove, later', { prove: async () => ({ ok: false, denial: refuse('robots_wrong') }) }, 'robots_wrong'],
  ['pick', { pick: () => refuse('robots_wrong') }, 'robots_wrong'],
  [
    'its missing record',
    { denials: { absent: 'robots_unknown', ended: 'robots_retired' } },
    'robots_unknown',
  ],
])('what a plugin refuses by %s counts as a guess by address', async (_, more, code) => {
  const { ask } = await start(more)
  expect(await times(6, () => ask())).toEqual([...Array(5).fill(code), 'rate_limited'])
})

it('what a record does not open is refused by a code of the plugin and counts as a guess', async () => {
  const { ask, robotsOf } = await start({
    open: () => undefined,
    denials: { absent: 'robots_unknown', ended: 'robots_retired' },
  })
  await robotsOf.put(put)
  expect(await times(6, () => ask())).toEqual([...Array(5).fill('robots_unknown'), 'rate_limited'])
})

it.each<[string, Partial<CredentialKind>, string]>([
  [
    'was proven, by what its code says',
    { prove: () => ({ ok: false, denial: refuse('robots_late') }) },
    'robots_late',
  ],
  [
    'was ended, by a code of the plugin',
    {
      issued: ({ partition }) => ({ partition, issuedAt: 0, isEnded: true }),
      denials: { absent: 'robots_unknown', ended: 'robots_retired' },
    },
    'robots_retired',
  ],
  [
    'has expired, by a code of the plugin',
    { ...lasting(5), denials: { absent: 'robots_unknown', ended: 'robots_retired', expired: 'robots_late' } },
    'robots_late',
  ],
])('what %s is no guess', async (_, more, code) => {
  const { ask, robotsOf } = await start(more)
  await robotsOf.put(put)
  expect(await times(6, () => ask())).toEqual(Array(6).fill(code))
})

it('a code that the plugin has not declared is a failure, not an answer', async () => {
  const denial = { code: 'zzz', status: 401, title: 't', detail: 'd' }
  const { decide } = await start({ prove: () => ({ ok: false, denial }) })
  await expect(decide()).rejects.toThrow('not a code that a plugin has declared: zzz')
})

it('how guesses count is nothing that a client sees', async () => {
  const { gate } = await start()
  const refusal = gate.refuse({ ...refuse('robots_wrong'), isGuess: true }, '/')
  expect(await refusal.text()).not.toContain('isGuess')
})

it('what is picked and cannot be read is named by its kind', async () => {
  const { decide } = await start()
  expect(await decide('strange')).toMatchObject({
    denial: { code: 'credentials_malformed', detail: 'What was sent as robot is none of its form.' },
  })
})

it.each<[string, Partial<CredentialKind>, RegExp]>([
  ['no denials', { denials: undefined as never }, /denials: required/],
  ['half of its denials', { denials: { absent: 'token_invalid' } as never }, /denials\.ended: required/],
  [
    'a code that nobody has declared',
    { denials: { absent: 'robots_gone', ended: 'token_revoked' } },
    /"robots_gone" is no code/,
  ],
  ['a misspelt member', { describes: () => {} } as never, /describes: unknown; describe is meant, perhaps/],
  [
    'a misspelt member of its records',
    { records: { collection: 'robots', red: () => 1, read: () => 1 } as never },
    /records\.red: unknown; read/,
  ],
  [
    'records in no collection of the plugin',
    { records: { collection: 'robotz', read: () => 1 } },
    /"robotz" is none of its collections/,
  ],
])('a kind with %s stops the start', async (_, more, problem) => {
  await expect(start(more)).rejects.toMatchObject({
    code: 'configuration_invalid',
    problems: [expect.stringMatching(problem)],
  })
})
