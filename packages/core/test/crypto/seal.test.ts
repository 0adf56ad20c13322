import { describe, expect, it } from 'vitest'
import { createSealer } from '../../src/crypto/seal.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'

describe('a sealed value', () => {
  const sealer = createSealer([SECRET])

  it('opens where it was sealed for, and says nothing of its content', () => {
    const sealed = sealer.seal('here', { email: 'case@example.com' })
    expect(sealer.open('here', sealed)).toEqual({ email: 'case@example.com' })
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('case@')
  })

  it('does not open in another place, altered, cut short or under another secret', () => {
    const sealed = sealer.seal('here', 'value')
    expect(sealer.open('there', sealed)).toBeUndefined()
    expect(sealer.open('here', `${sealed.slice(0, -2)}AA`)).toBeUndefined()
    expect(sealer.open('here', sealed.slice(0, 10))).toBeUndefined()
    expect(sealer.open('here', '')).toBeUndefined()
    expect(createSealer([SIGNING_SECRET]).open('here', sealed)).toBeUndefined()
  })

  it('still opens after the secret was rotated by adding one in front', () => {
    const sealed = sealer.seal('here', 'value')
    expect(createSealer([SIGNING_SECRET, SECRET]).open('here', sealed)).toBe('value')
  })
})
