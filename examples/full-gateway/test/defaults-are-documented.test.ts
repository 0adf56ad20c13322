import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DEFAULTS } from '../src/settings/values.js'

const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

/** As it is written into a variable; undefined for what is empty, or off. */
function spell(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return typeof value === 'object' ? undefined : String(value)
}

const defaults = Object.entries(DEFAULTS).flatMap(([name, value]) => {
  const text = spell(value)
  return text === undefined ? [] : [[name, text] as const]
})

/** The comment over a variable, or over those that it stands among, and what it is set to. */
function explained(name: string): { comment: string; value: string } {
  const [, comment = '', value = ''] =
    new RegExp(`((?:^#.*\\n)*)(?:^[A-Z_]+=.*\\n)*?^${name}=(.*)$`, 'm').exec(example) ?? []
  return { comment: comment.replace(/\n# */g, ' '), value }
}

/** Whether a text says `default 60`, `Default: port 8080` or `fastify (default)`. */
function tells(text: string, value: string): boolean {
  const quoted = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const after = new RegExp(`\\bdefault:?[^.(]*?(?<![\\w.])${quoted}(?!\\w)`, 'i')
  const before = new RegExp(`(?<![\\w.])${quoted} \\(default\\)`)
  return after.test(text) || before.test(text)
}

it.each(defaults)('.env.example tells that %s is %s by default', (name, value) => {
  const { comment, value: set } = explained(name)
  const isOff = value === '0' && set === '' && /\b1: /.test(comment)
  expect(set === value || isOff || tells(comment, value), comment).toBe(true)
})

it('no default in the table of the README is another', () => {
  const rows = readme.split('\n').filter((line) => /^\| `[A-Z_]+`.*\bdefault/.test(line))
  const known = rows.flatMap((row) => {
    const values = defaults
      .filter(([name]) => row.split('|')[1]?.includes(`\`${name}\``))
      .map(([, value]) => value)
    return values.length === 0 ? [] : [{ row: row.replaceAll('`', ''), values }]
  })
  expect(known.length).toBeGreaterThan(8)
  for (const { row, values } of known)
    expect(
      values.some((value) => tells(row, value) || row.includes(`:${value}`)),
      row,
    ).toBe(true)
})
