import { describe, expect, expectTypeOf, it } from 'vitest'
import { flag, hook, integer, listOf, oneOf, text } from '../../src/input/kinds.js'
import {
  type GivenOptions,
  optional,
  readOptions,
  required,
  requiredOf,
  type UsedOptions,
} from '../../src/input/options.js'

const TABLE = {
  url: required(text),
  timeoutMs: optional(integer(10, 100), { default: 50 }),
  onLoss: optional(oneOf('refuse', 'accept'), { default: 'refuse' }),
  onEvent: optional<(event: string) => void>(hook),
  isLoud: optional(flag, { default: true }),
  names: optional(listOf(text), {
    read: (names = [], problems: string[], name: string) => {
      if (names.includes('nobody')) problems.push(`${name}: nobody is no name`)
      return new Set(names)
    },
  }),
}

function read(given: unknown, name?: string) {
  const problems: string[] = []
  const used = readOptions(given as GivenOptions<typeof TABLE>, TABLE, problems, name)
  return { used, problems }
}

describe('a table of options', () => {
  it('fills in each default, and freezes what is used', () => {
    const { used, problems } = read({ url: 'a', onEvent: undefined, timeoutMs: undefined })
    expect(problems).toEqual([])
    expect(used).toEqual({
      url: 'a',
      timeoutMs: 50,
      onLoss: 'refuse',
      onEvent: undefined,
      isLoud: true,
      names: new Set(),
    })
    expect(Object.isFrozen(used)).toBe(true)
  })

  it('uses what is given in place of a default, also what is false', () => {
    expect(read({ url: 'a', isLoud: false, timeoutMs: 10, names: ['b'] }).used).toMatchObject({
      isLoud: false,
      timeoutMs: 10,
      names: new Set(['b']),
    })
  })

  it('names every mistake at once, by the path of the option', () => {
    const wrong = { timeoutMs: 5, onLoss: 'ask', onEvent: 'log', timeout: 5, names: ['nobody'] }
    expect(read(wrong, 'redis').problems).toEqual([
      'redis.timeoutMs: give an integer from 10 to 100',
      'redis.onLoss: give refuse or accept',
      'redis.onEvent: give a function',
      'redis.timeout: unknown; timeoutMs is meant, perhaps',
      'redis.url: required',
      'redis.names: nobody is no name',
    ])
  })

  it.each(Object.keys(TABLE))('does not take null for %s that is not given', (name) => {
    expect(read({ url: 'a', [name]: null }).problems).toEqual(
      expect.arrayContaining([expect.stringMatching(new RegExp(`^${name}: give `))]),
    )
  })

  it('takes what every object has for unknown', () => {
    expect(read({ url: 'a', toString: 1 }).problems).toEqual(['toString: unknown'])
    expect(read({ url: 'a', constructor: 1 }).problems).toEqual(['constructor: unknown'])
  })

  it.each([undefined, null, 'a', []])('goes on with defaults where %j is given in its place', (given) => {
    const { used, problems } = read(given)
    expect(problems).toContain('give an object')
    expect(used.timeoutMs).toBe(50)
  })

  it('says which options have to be given', () => {
    expect(requiredOf(TABLE)).toEqual(['url'])
  })

  it('is where the types of what is given and of what is used come from', () => {
    expectTypeOf<GivenOptions<typeof TABLE>>().toEqualTypeOf<
      { readonly url: string } & {
        readonly timeoutMs?: number
        readonly onLoss?: 'refuse' | 'accept'
        readonly onEvent?: (event: string) => void
        readonly isLoud?: boolean
        readonly names?: readonly string[]
      }
    >()
    expectTypeOf<UsedOptions<typeof TABLE>>().toEqualTypeOf<{
      readonly url: string
      readonly timeoutMs: number
      readonly onLoss: 'refuse' | 'accept'
      readonly onEvent: ((event: string) => void) | undefined
      readonly isLoud: boolean
      readonly names: Set<string>
    }>()
  })

  it('takes no default of another kind', () => {
    // @ts-expect-error a text is no number
    const timeout = optional(integer(1, 2), { default: '1' })
    // @ts-expect-error not one of the choices
    const choice = optional(oneOf('refuse', 'accept'), { default: 'ask' })
    expect([timeout.isRequired, choice.isRequired]).toEqual([false, false])
  })
})
