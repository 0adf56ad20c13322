import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/api-keys/create.js'
import { issueCode } from '../../src/oauth/authorization-code.js'
import { startSession } from '../../src/sessions/start.js'
import { issueToken } from '../../src/tokens/issue.js'
import { apiKeysOf, must, PROGRAM } from '../gate/gate-fixture.js'
import { MASTER_KEY } from '../http/http-fixture.js'
import { approvalOf, CLI, DEVICE_GRANT, type OAuthFixture, oauthFixture } from './oauth-fixture.js'

const USER = 'user@example.com'
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CALLBACK = 'http://127.0.0.1/callback'

const KINDS = [
  'session',
  'access token',
  'API key',
  'refresh token',
  'device code',
  'user code',
  'authorization code',
  'ID token',
  'master key',
] as const
type Kind = (typeof KINDS)[number]

/** A fresh one of each kind, all good. */
async function makeAll({ context, ...fixture }: OAuthFixture): Promise<Record<Kind, string>> {
  const facts = { email: USER, groups: [], issuer: 'https://idp.test', subject: USER, idToken: 't' }
  const begun = (await fixture.post('/oauth2/device_authorization', { client_id: CLI })).body
  const now = Math.floor(context.clock() / 1000)
  const { issuer, audience } = context.options
  const claims = { iss: issuer, aud: audience, sub: USER, jti: 'x', iat: now, exp: now + 60, scope: 'api' }
  return {
    session: must(await startSession(context, facts)).cookieValue,
    'access token': must(await issueToken(context, { by: PROGRAM, account: USER })).token,
    'API key': must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account: USER })).key,
    'refresh token': (await fixture.logIn()).refresh_token,
    'device code': String(begun.device_code),
    'user code': String(begun.user_code),
    'authorization code': await issueCode(context, {
      clientId: CLI,
      redirectUri: CALLBACK,
      codeChallenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      scopes: ['api'],
      approval: await approvalOf(context, USER),
    }),
    'ID token': await context.keys.sign(claims, 'JWT'),
    'master key': MASTER_KEY,
  }
}

interface Place {
  /** Which kinds are good there. */
  readonly takes: readonly Kind[]
  readonly try: (fixture: OAuthFixture, credential: string) => Promise<number>
}

const withHeaders = async (fixture: OAuthFixture, headers: Record<string, string>) =>
  (await fixture.call('GET', '/oauth2/userinfo', { headers })).status

const grant = async (fixture: OAuthFixture, form: Record<string, string>) =>
  (await fixture.post('/oauth2/token', { client_id: CLI, ...form })).status

const PLACES: Record<string, Place> = {
  'a bearer token': {
    takes: ['access token', 'API key'],
    try: (fixture, credential) => withHeaders(fixture, { authorization: `Bearer ${credential}` }),
  },
  'an x-api-key': {
    takes: ['access token', 'API key'],
    try: (fixture, credential) => withHeaders(fixture, { 'x-api-key': credential }),
  },
  'a session cookie': {
    takes: ['session'],
    try: (fixture, credential) =>
      withHeaders(fixture, {
        cookie: `__Host-portcullis_session=${credential}`,
        'sec-fetch-site': 'same-origin',
      }),
  },
  'a refresh token': {
    takes: ['refresh token'],
    try: (fixture, credential) => grant(fixture, { grant_type: 'refresh_token', refresh_token: credential }),
  },
  'an authorization code': {
    takes: ['authorization code'],
    try: (fixture, credential) =>
      grant(fixture, {
        grant_type: 'authorization_code',
        code: credential,
        code_verifier: VERIFIER,
        redirect_uri: CALLBACK,
      }),
  },
  'a device code': {
    // Known, but nobody has approved it: also a 400, so that none may be answered with 200.
    takes: [],
    try: (fixture, credential) => grant(fixture, { grant_type: DEVICE_GRANT, device_code: credential }),
  },
}

describe('each kind of credential', () => {
  let fixture: OAuthFixture
  let all: Record<Kind, string>
  beforeAll(async () => {
    fixture = await oauthFixture()
    all = await makeAll(fixture)
  })

  for (const [place, { takes, try: attempt }] of Object.entries(PLACES))
    for (const kind of KINDS.filter((each) => !takes.includes(each)))
      it(`${kind} is refused as ${place}`, async () => {
        expect([400, 401, 403]).toContain(await attempt(fixture, all[kind]))
      })

  for (const [place, { takes, try: attempt }] of Object.entries(PLACES))
    for (const kind of takes)
      it(`${kind} is good as ${place}`, async () => {
        expect(await attempt(fixture, all[kind])).toBe(200)
      })
})
