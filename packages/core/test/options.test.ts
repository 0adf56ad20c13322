import { describe, expect, it } from 'vitest'
import { PortcullisError } from '../src/errors.js'
import { type GateOptions, resolveOptions } from '../src/options.js'
import { memoryStore } from '../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from './gate-fixture.js'

const good: GateOptions = {
  store: memoryStore(),
  publicUrl: 'https://gate.test',
  secret: SECRET,
  keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
}

function problemsOf(options: GateOptions): readonly string[] {
  try {
    resolveOptions(options)
  } catch (error) {
    if (error instanceof PortcullisError && error.code === 'configuration_invalid') return error.problems
    throw error
  }
  return []
}

describe('options', () => {
  it('are refused with every problem at once', () => {
    const problems = problemsOf({
      ...good,
      publicUrl: 'https://gate.test/path',
      secret: 'short',
      admins: ['nobody'],
      tokens: { minLifetimeSeconds: 1.5 },
      requiredScope: 'unheard-of',
    })
    for (const name of ['publicUrl', 'secret', 'admins', 'tokens.minLifetimeSeconds', 'requiredScope'])
      expect(
        problems.some((problem) => problem.startsWith(`${name}:`)),
        name,
      ).toBe(true)
  })

  it('never quote a secret that they refuse', () => {
    const placeholder = 'changeme-changeme-changeme-changeme-0'
    expect(problemsOf({ ...good, secret: placeholder }).join()).not.toContain(placeholder)
    expect(problemsOf({ ...good, secret: placeholder })).toHaveLength(1)
  })

  it.each([
    'ftp://gate.test',
    'gate.test',
    'https://gate.test/?x',
    'https://u@gate.test',
    'javascript:alert(1)',
  ])('refuse %s as the public URL', (publicUrl) => {
    expect(problemsOf({ ...good, publicUrl })).toHaveLength(1)
  })

  it('cannot be changed after the start', () => {
    const options = resolveOptions(good)
    expect(
      Object.isFrozen(options) && Object.isFrozen(options.tokens) && Object.isFrozen(options.scopes),
    ).toBe(true)
  })

  it('canonicalise the e-mails of administrators', () => {
    expect(resolveOptions({ ...good, superAdmins: [' Root@Example.com'] }).superAdmins).toEqual(
      new Set(['root@example.com']),
    )
  })
})
