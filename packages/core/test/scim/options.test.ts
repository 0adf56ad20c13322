import { describe, expect, it } from 'vitest'
import { scim } from '../../src/scim/plugin.js'
import { gateFixture, SECRET } from '../gate/gate-fixture.js'
import { SCIM_SECRET } from './scim-fixture.js'

describe('the secret of the directory', () => {
  it.each([[''], ['short'], [[]], [[SCIM_SECRET, 'short']], [SECRET]])('is refused as %j', async (secret) => {
    await expect(gateFixture({ plugins: [scim({ secret })] })).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringMatching(/^scim\.secret: /)],
    })
  })

  it('is not quoted in what is wrong with it', async () => {
    const message = await gateFixture({ plugins: [scim({ secret: SECRET })] }).catch(
      (error: Error) => error.message,
    )
    expect(message).toContain('scim.secret')
    expect(message).not.toContain(SECRET)
  })
})
