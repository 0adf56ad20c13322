import { describe, expect, it } from 'vitest'
import {
  collection,
  count,
  hasShape,
  instant,
  isUnreadable,
  optional,
  text,
  texts,
} from '../../src/store/collection.js'

interface Note {
  readonly name: string
  readonly tags: readonly string[]
  readonly at: number
  readonly times?: number
}

const shape = { name: text, tags: texts, at: instant, times: optional(count) }
const note = { name: 'a', tags: ['x'], at: 1 }
const stored = (value: unknown) => ({ id: 'i', version: 'v', sort: 0, value: value as never })

describe('a record', () => {
  it('is read when every member is what it has to be; members that are new are left alone', () => {
    const read = collection<Note>('notes', shape, 'note').read
    expect(read(stored({ ...note, times: 0, later: true }))).toEqual({ ...note, times: 0, later: true })
  })

  it.each([
    ['null', null],
    ['a list', [note]],
    ['a text', 'note'],
    ['a member that is missing', { ...note, name: undefined }],
    ['a member of another kind', { ...note, tags: ['x', 1] }],
    ['an instant that no date can show', { ...note, at: 8.64e15 + 1 }],
    ['an instant that is no number', { ...note, at: Number.NaN }],
    ['a number of times below 0', { ...note, times: -1 }],
    ['a part of a time', { ...note, times: 0.5 }],
    ['null for what may be absent', { ...note, times: null }],
  ])('is not guessed: %s is the store’s failure', (_, value) => {
    expect(hasShape<Note>(shape)(value)).toBe(false)
    const read = collection<Note>('notes', shape, 'note').read
    let thrown: unknown
    try {
      read(stored(value))
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'store_unavailable' })
    expect(isUnreadable(thrown)).toBe(true)
    // What it says goes to a log: the record, which may hold a secret, does not.
    expect(String(thrown)).not.toContain('note-secret')
  })

  it('that cannot be read is told from a store that is away', () => {
    expect(isUnreadable(new Error('away'))).toBe(false)
  })
})
