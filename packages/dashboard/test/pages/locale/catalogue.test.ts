import { describe, expect, it } from 'vitest'
import { de } from '../../../pages/locale/de.js'
import { en } from '../../../pages/locale/en.js'

function flat(texts: object, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null
      ? flat(value, `${path}${key}.`)
      : [[path + key, String(value)]],
  )
}

const placeholders = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort()

describe('the German catalogue', () => {
  const german = new Map(flat(de))

  it('says all that the English one says, and nothing else', () => {
    expect([...german.keys()].sort()).toEqual(
      flat(en)
        .map(([key]) => key)
        .sort(),
    )
  })

  it.each(flat(en))('fills the same places in %s', (key, text) => {
    expect(placeholders(german.get(key) ?? '')).toEqual(placeholders(text))
    expect(german.get(key)).not.toBe('')
  })
})
