import { afterAll, describe, expect, it } from 'vitest'
import { canonicalAccount, canonicalEmail } from '../../src/accounts/account-id.js'
import { secretProblem } from '../../src/crypto/secrets.js'
import { InputError } from '../../src/errors/input-error.js'
import { claimsOf } from '../../src/external-tokens/claims-of.js'
import { createGate } from '../../src/gate/create-gate.js'
import { verifyJws } from '../../src/jws/verify.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from './gate-fixture.js'

const gate = await createGate({
  store: memoryStore(),
  publicUrl: 'https://gate.test',
  secret: SECRET,
  keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
})
afterAll(() => gate.close())

const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  5,
  Number.NaN,
  true,
  [],
  {},
  () => {},
  Symbol('a'),
  10n,
  [null],
]

describe('what a program gives is never a TypeError from within', () => {
  it.each(NONSENSE)('%s', async (nonsense) => {
    const given = nonsense as never
    expect(() => gate.owns(given)).toThrow(InputError)
    await expect(gate.authenticate(given)).rejects.toThrow(InputError)
    await expect(gate.stillAllowed(given)).resolves.toBe(false)
    expect(gate.refuse(given, '/').status).toBe(500)
    expect(claimsOf(given, {} as never)).toBeUndefined()
    expect(canonicalEmail(given)).toBeUndefined()
    expect(canonicalAccount(given)).toBeUndefined()
    expect(secretProblem(given)).toEqual(expect.any(String))
    await expect(verifyJws('a.b.c', given)).rejects.toThrow(InputError)
    await expect(verifyJws('a.b.c', { keys: given, algorithm: given })).rejects.toBeInstanceOf(InputError)
    await expect(verifyJws(given, { keys: [], algorithm: 'RS256' })).rejects.toMatchObject({
      code: 'jws_malformed',
    })
  })
})
