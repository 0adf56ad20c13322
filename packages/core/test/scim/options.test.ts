import { describe, expect, it } from 'vitest'
import { gateFixture, SECRET } from '../gate/gate-fixture.js'
import { SCIM_SECRET } from './scim-fixture.js'

describe('the secret of the directory', () => {
  it.each([[''], ['short'], [[]], [[SCIM_SECRET, 'short']], [SECRET]])('is refused as %j', async (secret) => {
    await expect(gateFixture({ scim: { secret } })).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringMatching(/^scim\.secret: /)],
    })
  })

  it('is not kept, nor quoted in what is wrong with it', async () => {
    const { deps } = await gateFixture({ scim: { secret: SCIM_SECRET } })
    expect(JSON.stringify(deps.options.scim)).not.toContain(SCIM_SECRET)
    expect(deps.options.scim?.isSecret(SCIM_SECRET)).toBe(true)
    const message = await gateFixture({ scim: { secret: SECRET } }).catch((error: Error) => error.message)
    expect(message).not.toContain(SECRET)
  })
})
