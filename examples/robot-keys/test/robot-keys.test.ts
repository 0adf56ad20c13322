import { createGate, memoryStore } from '@portcullis/core'
import { expect, it, onTestFinished } from 'vitest'
import { robotKeys } from '../src/robot-keys.js'

const ORIGIN = 'https://gate.test'
const ADA = 'ada@example.com'
const ADMIN = 'admin@example.com'
const ROOT = 'root@example.com'
const by = { service: 'test' }
const DAY_MS = 86_400_000

async function open() {
  let now = Date.UTC(2026, 0, 1)
  const clock = () => now
  const gate = await createGate({
    store: memoryStore({ clock }),
    publicUrl: ORIGIN,
    secret: 'f3Yq0wXn7ZrT5kLb2VhJ8cPdGm4sQaEu',
    keys: [{ algorithm: 'HS256', secret: 'Jw6TzBq1Rv8NxK3mHy5LcGd0SfPa9EuO' }],
    superAdmins: [ROOT],
    admins: [ADMIN],
    clock,
    rateLimits: { guessesPerMinute: 5 },
    plugins: [robotKeys()],
  })
  onTestFinished(() => gate.close())
  const post = async (account: string, path: string, body?: object) => {
    const issued = await gate.tokens.issue({
      account,
      scopes: account === ADA ? ['tokens:write'] : ['tokens:write', 'admin'],
    })
    if (!issued.ok) throw new Error(issued.denial.code)
    const authorization = `Bearer ${issued.value.token}`
    const sent = body
      ? { headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify(body) }
      : { headers: { authorization } }
    const response = await gate.handle(new Request(ORIGIN + path, { method: 'POST', ...sent }))
    return (await response.json()) as { id: string; key: string; code?: string }
  }
  const decide = (...keys: string[]) =>
    gate.authenticate({
      method: 'GET',
      target: '/',
      rawHeaders: keys.flatMap((key) => ['X-Robot-Key', key]),
      remoteAddress: '192.0.2.1',
    })
  const ask = async (...keys: string[]) => {
    const decision = await decide(...keys)
    return decision.outcome === 'allow'
      ? decision.identity.accountId
      : decision.outcome === 'deny' && decision.denial.code
  }
  const advance = (milliseconds: number) => {
    now += milliseconds
  }
  return { gate, post, ask, decide, advance }
}

it('a robot key lets in the account that it was issued to, until its owner revokes it', async () => {
  const { gate, post, ask, decide } = await open()
  const { id, key } = await post(ADA, '/robot-keys')
  expect(await ask(key)).toBe(ADA)
  const decision = await decide(key)
  if (decision.outcome !== 'allow') throw new Error(decision.outcome)
  expect(await post(ADA, '/robot-keys/revoke', { id })).toEqual({ id })
  expect(await ask(key)).toBe('robot_key_invalid')
  expect(await gate.stillAllowed(decision.identity)).toBe(false)
  expect((await post(ADA, '/robot-keys/revoke', { id })).code).toBe('robot_key_not_found')
})

it('a robot key dies after 90 days, with a ban that is lifted, and with all tokens of its account', async () => {
  const { gate, post, ask, advance } = await open()
  const { key } = await post(ADA, '/robot-keys')
  await gate.standing.ban({ account: ADA, by })
  expect(await ask(key)).toBe('account_banned')
  await gate.standing.unban({ account: ADA, by })
  expect(await ask(key)).toBe('robot_key_invalid')
  const { key: second } = await post(ADA, '/robot-keys')
  expect(await ask(second)).toBe(ADA)
  await gate.tokens.revokeAll({ account: ADA, by })
  expect(await ask(second)).toBe('robot_key_invalid')
  const { key: third } = await post(ADA, '/robot-keys')
  advance(90 * DAY_MS - 1)
  expect(await ask(third)).toBe(ADA)
  advance(1)
  expect(await ask(third)).toBe('robot_key_invalid')
})

it('administrators revoke keys of others, and only super admins those of super admins', async () => {
  const { post, ask } = await open()
  const ofAda = await post(ADA, '/robot-keys')
  const ofRoot = await post(ROOT, '/robot-keys')
  const path = '/robot-keys/revoke-any'
  expect((await post(ADA, path, { user_email: ROOT, id: ofRoot.id })).code).toBe('role_insufficient')
  expect((await post(ADMIN, path, { user_email: ROOT, id: ofRoot.id })).code).toBe('super_admin_protected')
  expect(await ask(ofRoot.key)).toBe(ROOT)
  await post(ADMIN, path, { user_email: ADA, id: ofAda.id })
  expect(await ask(ofAda.key)).toBe('robot_key_invalid')
})

it('guesses are counted, and another key beside it, or twice the same, is refused', async () => {
  const { post, ask } = await open()
  const { key } = await post(ADA, '/robot-keys')
  expect(await ask(key, key)).toBe('robot_key_unreadable')
  const guess = `${key.slice(0, -1)}${key.endsWith('A') ? 'E' : 'A'}`
  const answers = []
  for (let time = 0; time < 5; time += 1) answers.push(await ask(guess))
  expect(answers).toEqual([...Array(4).fill('robot_key_invalid'), 'rate_limited'])
  expect(await ask(key)).toBe(ADA)
})

it('the document says how a robot presents its key', async () => {
  const { gate } = await open()
  const response = await gate.handle(new Request(`${ORIGIN}/openapi.json`))
  const document = (await response.json()) as {
    components: { securitySchemes: object }
    paths: Record<string, Record<string, { security: object[] }>>
  }
  expect(document.components.securitySchemes).toMatchObject({
    robot_key: { type: 'apiKey', in: 'header', name: 'x-robot-key' },
  })
  expect(document.paths['/oauth2/userinfo']?.get?.security).toContainEqual({ robot_key: [] })
  expect(document.paths['/robot-keys']?.post?.security).not.toContainEqual({ robot_key: [] })
})
