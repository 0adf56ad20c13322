import type * as client from 'openid-client'
import { PortcullisError } from '../errors/portcullis-error.js'
import { isJwsAlgorithm } from '../jws/algorithms.js'
import { JwsError } from '../jws/jws-error.js'
import { type ProtectedHeader, proveJws } from '../jws/prove.js'
import { parseJsonObject } from '../jws/strict-json.js'
import type { VerificationKey } from '../jws/verification-key.js'
import { LogoutRefused, type LogoutToken } from '../login/identity-provider.js'
import { type ExternalAlgorithm, resolveKeySource } from '../remote-keys/options.js'
import { createRemoteKeys, type RemoteKeys } from '../remote-keys/remote-keys.js'
import type { ResolvedOidcOptions } from './options.js'

const MAX_LENGTH = 16_384
/** The `typ` of a logout token is recommended, not required (§2.4); any other names another kind of token. */
const TYPES = new Set(['jwt', 'logout+jwt', 'application/logout+jwt'])
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const LAST_INSTANT = 253_402_300_799

interface Verifier {
  readonly issuer: string
  readonly algorithms: ReadonlySet<string>
  readonly keys: RemoteKeys
}

/**
 * Proves logout tokens of the provider (OpenID Connect Back-Channel Logout 1.0 §2.6, all but the time and the replay):
 * signed by one of its keys with an asymmetric algorithm of its ID tokens, from exactly this issuer to this client
 * alone, about a logout and nothing else. Keys are kept and fetched again when an unknown one is named, at most every
 * 30 s. Rejects with `LogoutRefused`, or with `provider_unavailable` when the keys cannot be had.
 */
export function createLogoutTokenProof(
  options: ResolvedOidcOptions,
  discover: () => Promise<client.Configuration>,
): (compact: string) => Promise<LogoutToken> {
  let verifier: Verifier | undefined
  return async (compact) => {
    verifier ??= bindVerifier((await discover()).serverMetadata(), options)
    const payload = await verifySignature(verifier, compact)
    const token = readLogoutToken(payload, verifier.issuer, options.clientId)
    if (!token) throw new LogoutRefused('Its claims are not those of a logout token for this client')
    return token
  }
}

function bindVerifier(metadata: client.ServerMetadata, options: ResolvedOidcOptions): Verifier {
  const { issuer, jwks_uri: jwksUri, id_token_signing_alg_values_supported: named } = metadata
  const supported = named ?? ['RS256']
  const algorithms = supported.filter(
    (name): name is ExternalAlgorithm => isJwsAlgorithm(name) && !name.startsWith('HS'),
  )
  const problems: string[] = []
  const source = resolveKeySource(
    {
      issuer,
      algorithms,
      timeoutMs: options.timeoutSeconds * 1000,
      ...(jwksUri === undefined ? {} : { jwksUri }),
    },
    problems,
  )
  if (problems.length > 0)
    throw new PortcullisError(
      'provider_unavailable',
      `The provider’s keys cannot be used: ${problems.join('; ')}`,
    )
  const surroundings = { clock: Date.now, report: () => {}, fetch: globalThis.fetch }
  return { issuer, algorithms: source.algorithms, keys: createRemoteKeys(source, surroundings) }
}

async function verifySignature(verifier: Verifier, compact: string): Promise<Uint8Array> {
  try {
    const keysFor = (header: ProtectedHeader) => findKeys(verifier, header)
    return (await proveJws(compact, { maxLength: MAX_LENGTH, keysFor })).payload
  } catch (cause) {
    if (cause instanceof JwsError) throw new LogoutRefused('Its signature proves nothing', cause)
    throw cause
  }
}

async function findKeys(
  { algorithms, keys }: Verifier,
  header: ProtectedHeader,
): Promise<readonly VerificationKey[]> {
  const { alg, kid, typ } = header
  // Before any keys are fetched for it.
  if (!algorithms.has(alg))
    throw new JwsError('jws_algorithm_refused', 'The provider does not sign ID tokens with this')
  if (typ !== undefined && !TYPES.has(typ.toLowerCase()))
    throw new JwsError('jws_header_refused', 'The typ names another kind of token')
  let keySet = await keys.current()
  if (kid !== undefined && !keySet.knows(kid)) keySet = await keys.after(keySet)
  return keySet.keysFor(header)
}

/** §2.4. What an ID token must have, a logout token must not: `nonce` keeps the one from passing for the other. */
function readLogoutToken(payload: Uint8Array, issuer: string, clientId: string): LogoutToken | undefined {
  const members = parseJsonObject(payload)
  if (!members || Object.hasOwn(members, 'nonce') || !isLogoutEvent(members.events)) return undefined
  const { iss, aud, iat, exp, jti, sub, sid } = members
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud]
  const isForUs = audiences.length > 0 && audiences.every((audience) => audience === clientId)
  if (iss !== issuer || !isForUs) return undefined
  if (!isName(jti) || !isInstant(iat) || !(exp === undefined || isInstant(exp))) return undefined
  if (sub === undefined && sid === undefined) return undefined
  if (!(sub === undefined || isName(sub)) || !(sid === undefined || isName(sid))) return undefined
  return {
    issuer,
    id: jti,
    issuedAt: iat * 1000,
    ...(exp === undefined ? {} : { expiresAt: exp * 1000 }),
    ...(sub === undefined ? {} : { subject: sub }),
    ...(sid === undefined ? {} : { sessionId: sid }),
  }
}

/** The one event, and no other beside it: whatever else a token says was not meant for this. */
function isLogoutEvent(events: unknown): boolean {
  if (!isObject(events)) return false
  const names = Object.keys(events)
  return names.length === 1 && isObject(events[LOGOUT_EVENT])
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isInstant(seconds: unknown): seconds is number {
  return Number.isInteger(seconds) && (seconds as number) >= 0 && (seconds as number) <= LAST_INSTANT
}
