import { expect, it } from 'vitest'
import { lmdbStore } from '../../src/lmdb/index.js'

it('options that are unknown, missing or of another kind are all named at once', () => {
  expect(() =>
    lmdbStore({ paths: '.data', durability: 'none', compactEveryMs: '1m', witness: { path: 5 } } as never),
  ).toThrow(
    expect.objectContaining({
      code: 'configuration_invalid',
      problems: [
        'lmdb.paths: unknown; path is meant, perhaps',
        'lmdb.durability: give power-loss or process-crash',
        'lmdb.compactEveryMs: give an integer from 1000 to 86400000',
        'lmdb.witness.path: give a text that is not empty',
        'lmdb.path: required',
      ],
    }),
  )
  expect(() => lmdbStore(undefined as never)).toThrow(
    expect.objectContaining({ code: 'configuration_invalid' }),
  )
})
