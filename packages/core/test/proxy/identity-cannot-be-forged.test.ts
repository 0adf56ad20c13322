import fc from 'fast-check'
import { expect, it } from 'vitest'
import { callRaw, startGate, startUpstream } from './harness.js'

const FORGED = [
  'x-portcullis-user',
  'x-portcullis-email',
  'x-portcullis-anything',
  'x-litellm-end-user-id',
  'x-litellm-customer-id',
  'x-litellm-api-key',
  'x-auth-request-user',
  'x-auth-request-email',
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-access-token',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'forwarded',
  'via',
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'cookie2',
  'x-original-url',
  'x-http-method-override',
  'x-litellm-user-email',
  'x-litellm-user-id',
  'x-litellm-team-id',
  'x-litellm-tags',
  'x-litellm-spend-logs-metadata',
  'x-openwebui-user-name',
  'x-portkey-virtual-key',
  'x-portkey-custom-host',
  'x-portkey-metadata',
  'x-bf-vk',
  'x-tfy-metadata',
  'helicone-auth',
  'helicone-target-url',
  'helicone-openai-api-base',
  'cf-aig-authorization',
  'cf-aig-metadata',
  'x-user-email',
  'x-user-id',
  'x-authenticated-user',
  'x-auth-username',
  'x-remote-email',
  'remote-groups',
  'x-webauth-user',
  'x-vouch-user',
  'x-pomerium-jwt-assertion',
  'x-authentik-uid',
  'tailscale-user-login',
  'cf-access-authenticated-user-email',
  'cf-access-jwt-assertion',
  'x-goog-authenticated-user-email',
  'x-goog-iap-jwt-assertion',
  'x-ms-client-principal-name',
  'x-ms-token-aad-access-token',
  'x-amzn-oidc-data',
  'x-amzn-mtls-clientcert-subject',
  'x-ssl-client-s-dn',
  'ssl-client-verify',
  'client-cert',
  'x-forwarded-client-cert',
  'x-consumer-username',
  'x-credential-identifier',
  'x-hasura-role',
  'x-api-consumer',
  'x-jwt-claim-sub',
  'x-endpoint-api-userinfo',
  'x-apigateway-api-userinfo',
  'impersonate-extra-scopes',
  'openai-organization',
  'openai-project',
  'helicone-user-id',
  'x-scope-orgid',
  'x-acme-tenant',
  'x-acme-accountid',
  'from',
  'x-middleware-subrequest',
  'x-sendfile-type',
  'x-accel-mapping',
  'x-team-caller',
  'x-team-internal-role',
]

const CANARY = 'canary-7f3a'

const spellingOf = (name: string) =>
  fc
    .tuple(
      ...[...name].map((character) =>
        character === '-' ? fc.constantFrom('-', '_') : fc.constantFrom(character, character.toUpperCase()),
      ),
    )
    .map((characters) => characters.join(''))

const field = fc.constantFrom(...FORGED).chain((name) =>
  fc.record({
    name: spellingOf(name),
    space: fc.constantFrom('', ' ', '\t', '  '),
    times: fc.integer({ min: 1, max: 3 }),
  }),
)

it('no spelling of an identity header, a credential or a cookie reaches the upstream', async () => {
  const { url, received } = await startUpstream()
  const { port } = await startGate({
    upstream: { url, headers: { authorization: 'Bearer upstream-key' } },
    identityHeaders: { 'X-Team_Caller': 'accountId', 'x-portcullis-user': 'accountId' },
    removeRequestHeaders: ['x-team-internal-*'],
  })
  await fc.assert(
    fc.asyncProperty(fc.array(field, { minLength: 1, maxLength: 8 }), async (fields) => {
      received.length = 0
      const lines = fields.flatMap(({ name, space, times }) =>
        Array.from({ length: times }, (_, at) => `${name}:${space}${CANARY}-${at}`),
      )
      await callRaw(port, ['GET /a HTTP/1.1', 'Host: g', ...lines, 'Connection: close', '', ''].join('\r\n'))
      expect(received).toHaveLength(1)
      expect(JSON.stringify(received)).not.toContain(CANARY)
      expect(received[0]?.headers).toMatchObject({
        authorization: 'Bearer upstream-key',
        'x-team_caller': 'anna@example.com',
        'x-portcullis-user': 'anna@example.com',
      })
    }),
    { numRuns: 200 },
  )
})

it.each([
  ['a folded line (RFC 9112 §5.2)', 'X-Fine: a\r\n X-Portcullis-User: root@example.com'],
  ['a folded value', 'X-Portcullis-User:\r\n root@example.com'],
  ['a space before the colon', 'X-Portcullis-User : root@example.com'],
  ['a leading space', ' X-Portcullis-User: root@example.com'],
  ['a bare line feed', 'X-Fine: a\nX-Portcullis-User: root@example.com'],
  ['other punctuation that CGI folds', 'X.Portcullis.User: root@example.com'],
  ['a byte above ASCII', 'X\xadPortcullis-User: root@example.com'],
  ['a NUL', 'X-Portcullis-User\0: root@example.com'],
])('%s does not bring in an identity', async (_, line) => {
  const { url, received } = await startUpstream()
  const { port } = await startGate({ upstream: { url } })
  await callRaw(port, `GET /a HTTP/1.1\r\nHost: g\r\n${line}\r\nConnection: close\r\n\r\n`)
  for (const { headers, rawHeaders } of received) {
    expect(headers['x-portcullis-user']).toBe('anna@example.com')
    const names = rawHeaders
      .filter((_, at) => at % 2 === 0)
      .map((name) => name.replace(/[^a-z0-9]/gi, '-').toLowerCase())
    expect(names.filter((name) => name === 'x-portcullis-user')).toHaveLength(1)
  }
})
