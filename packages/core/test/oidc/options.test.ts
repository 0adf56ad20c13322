import { expect, it } from 'vitest'
import { oidcProvider } from '../../src/oidc/index.js'

it('options that are unknown, missing or of another kind are all named at once', () => {
  expect(() =>
    oidcProvider({ issuer: 'https://login.test', scopes: 'openid', timeout: 5, clientSecret: '' } as never),
  ).toThrow(
    expect.objectContaining({
      code: 'configuration_invalid',
      problems: [
        'scopes: give an array',
        'timeout: unknown; timeoutMs is meant, perhaps',
        'clientSecret: give a text that is not empty',
        'clientId: required',
      ],
    }),
  )
  expect(() => oidcProvider(undefined as never)).toThrow(
    expect.objectContaining({ code: 'configuration_invalid' }),
  )
})
