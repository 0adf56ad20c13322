import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readSecrets, secretProblem, sharedSecrets } from '../../src/crypto/secrets.js'

const GOOD = 'f3Yq0wXn7ZrT5kLb2VhJ8cPdGm4sQaEu'

describe('a secret', () => {
  it.each([
    ['a text of 32 bytes', GOOD],
    ['32 random bytes', randomBytes(32)],
    ['fewer characters that are 32 bytes', 'äöüßéèñçÄÖÜâêîôû0'],
  ])('is taken: %s', (_, secret) => {
    expect(secretProblem(secret)).toBeUndefined()
  })

  it.each([
    ['too short', GOOD.slice(1), 'shorter than 32 bytes'],
    ['empty', '', 'shorter than 32 bytes'],
    ['seven different characters', 'abcdefg'.repeat(8), 'a placeholder'],
    ['zeros', Buffer.alloc(64), 'a placeholder'],
    ['what an example says', `${GOOD}-ChangeMe`, 'a placeholder'],
    ['what a template says', `your-${GOOD}`, 'a placeholder'],
  ])('is refused: %s', (_, secret, problem) => {
    expect(secretProblem(secret)).toContain(problem)
  })

  it('is named with its option in every problem, and never quoted', () => {
    const problems: string[] = []
    readSecrets('secret', [GOOD, 'hunter2', `${GOOD}changeme`], problems)
    expect(problems).toEqual([
      expect.stringMatching(/^secret: shorter/),
      expect.stringMatching(/^secret: a placeholder/),
    ])
    expect(problems.join()).not.toMatch(/hunter2|f3Yq/)
  })

  it('has to be given where a list of them is, and may be left out altogether', () => {
    const problems: string[] = []
    expect(readSecrets('secret', undefined, problems)).toEqual([])
    expect(problems).toEqual([])
    readSecrets('secret', [], problems)
    expect(problems).toHaveLength(1)
  })
})

it('one secret for two purposes is told whatever its form, and one that is rotated within its purpose is not', () => {
  const uses = [
    { name: 'secret', secret: GOOD },
    { name: 'secret', secret: GOOD },
    { name: 'masterKey.key', secret: 'another-one-of-32-bytes-or-more-x' },
    { name: 'scim.secret', secret: Buffer.from(GOOD) },
  ]
  expect(sharedSecrets(uses)).toEqual(['scim.secret: the same secret as secret; make one for each purpose'])
})
