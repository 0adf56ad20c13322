import { describe, expect, it } from 'vitest'
import { compareComment, compareTables, spell } from '../options/compare.mjs'
import { readTable } from '../options/tables.mjs'

const option = { name: 'timeoutMs', isRequired: false, default: 250, range: '10 to 10000' }
const problemsOf = (comment: string, change: object = {}, shared = '') =>
  compareComment({ ...option, comment, ...change }, shared)

describe('the doc comment of an option', () => {
  it('has the default and the range of the table', () => {
    expect(problemsOf('How long. 10 to 10000, default 250.')).toEqual([])
    expect(problemsOf('How long. 10 to 10000, default 500.')).toEqual(['timeoutMs: tell its default, 250'])
    expect(problemsOf('How long. 10 to 10000, default 2500.')).toEqual(['timeoutMs: tell its default, 250'])
    expect(problemsOf('How long. 110 to 10000, default 250.')).toEqual([
      'timeoutMs: tell its range, 10 to 10000',
    ])
    expect(problemsOf('How long.')).toHaveLength(2)
  })

  it('may leave a range to the comment of all options', () => {
    expect(problemsOf('Default 250.', {}, 'Each is 10 to 10000.')).toEqual([])
  })

  it('names every choice, and the one that is the default', () => {
    const choices = { default: 'refuse', range: 'refuse or accept' }
    expect(problemsOf('`refuse` (default) or `accept`.', choices)).toEqual([])
    expect(problemsOf('`accept` or not. Default `refuse`.', choices)).toEqual([])
    expect(problemsOf('`refuse` or `accept` (default).', choices)).toHaveLength(1)
    expect(problemsOf('Refuses. Default `refuse`.', choices)).toEqual(['timeoutMs: tell of `accept`'])
  })

  it('claims no default that is not in the table', () => {
    const none = { default: undefined, range: undefined }
    expect(problemsOf('Where. Default `.data`.', none)).toHaveLength(1)
    expect(problemsOf('Where. Default: none.', none)).toEqual([])
  })

  it('is there', () => {
    expect(problemsOf('', { default: undefined, range: undefined })).toEqual([
      'timeoutMs: has no doc comment',
    ])
  })
})

describe('a table in a document', () => {
  const table = (value: string) => `| option | default |\n|---|---|\n| \`timeoutMs\` | ${value} |\n`

  it('has the defaults of the options that it names', () => {
    expect(compareTables(table('250'), [{ ...option, comment: '' }])).toEqual([])
    expect(compareTables(table('240'), [{ ...option, comment: '' }])).toEqual([
      'timeoutMs: the default is 250, not 240',
    ])
  })

  it('is left alone where it has no column of defaults', () => {
    expect(compareTables('| `timeoutMs` | 240 |', [{ ...option, comment: '' }])).toEqual([])
  })
})

it('a default is written as documents write it', () => {
  expect([250, false, 'api', ['openid', 'email'], [], {}, undefined].map(spell)).toEqual([
    '250',
    'false',
    '`api`',
    '`openid email`',
    undefined,
    undefined,
    undefined,
  ])
})

it('a table is read with the values and the doc comments of its source', async () => {
  const { options } = await readTable('packages/core/src/context/options.ts', 'CORE_OPTIONS')
  expect(options.find(({ name }) => name === 'storeDeadlineMs')).toEqual({
    name: 'storeDeadlineMs',
    comment: 'Past this a store call counts as failed. 10 to 10000, default 250.',
    isRequired: false,
    default: 250,
    range: '10 to 10000',
  })
  await expect(readTable('packages/core/src/context/options.ts', 'NONE')).rejects.toThrow()
})
