import * as client from 'openid-client'
import { boundedText } from '../encoding/text.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { LoginRefused } from '../login/identity-provider.js'
import type { ResolvedOidcOptions } from './options.js'
import { describeOutage } from './outage.js'

/** What a failure means: nobody could be reached, an option is wrong, or this one answer proves no login. */
export type ExplainedFailure = PortcullisError | LoginRefused

/**
 * What a failed login means, in words for the log: no value of a claim, no secret and no text of a library. What the
 * provider says of an error itself is quoted, since nobody else knows.
 */
export function explainFailure(
  cause: unknown,
  options: ResolvedOidcOptions,
  endpoint: 'token' | 'userinfo' = 'token',
): ExplainedFailure {
  if (cause instanceof LoginRefused || cause instanceof PortcullisError) return cause
  const outage = describeOutage(cause)
  if (outage !== undefined) return unavailable(options, outage, cause)
  if (cause instanceof client.AuthorizationResponseError) return explainCallback(cause, options)
  if (isRefusal(cause))
    return endpoint === 'token' ? explainTokenError(cause, options) : explainUserinfoError(cause)
  return explainAnswer(codeOf(cause), evidenceOf(cause), endpoint)
}

/** Whether an endpoint refused what it was sent, by OAuth's own words. */
export function isRefusal(
  cause: unknown,
): cause is client.ResponseBodyError | client.WWWAuthenticateChallengeError {
  return (
    describeOutage(cause) === undefined &&
    (cause instanceof client.WWWAuthenticateChallengeError || cause instanceof client.ResponseBodyError)
  )
}

/** As `explainFailure`, for the metadata of the provider. */
export function explainDiscovery(cause: unknown, options: ResolvedOidcOptions): PortcullisError {
  if (cause instanceof PortcullisError) return cause
  const outage = describeOutage(cause)
  if (outage !== undefined) return unavailable(options, outage, cause)
  const evidence = evidenceOf(cause)
  const { issuer } = options
  const place = `${issuer.href.replace(/\/$/, '')}/.well-known/openid-configuration`
  if (evidence instanceof Response)
    return misconfigured(
      `${place} answered with status ${evidence.status} and no metadata: the issuer is another, or no OpenID Connect provider`,
      ['issuer'],
    )
  const named = memberOf(evidence, 'attribute') === 'issuer' && memberOf(evidence, 'body')
  if (named)
    return misconfigured(
      `the provider at ${issuer.href} calls itself ${quoted(memberOf(named, 'issuer'))}: give exactly that`,
      ['issuer'],
    )
  return misconfigured(`${place} holds nothing that can be read as metadata of a provider`, ['issuer'])
}

export function misconfigured(reason: string, options: readonly string[]): PortcullisError {
  return new PortcullisError(
    'provider_misconfigured',
    `No login is possible${options.length > 0 ? ` (look at ${options.join(', ')})` : ''}: ${reason}`,
    { options },
  )
}

function unavailable({ issuer }: ResolvedOidcOptions, outage: string, cause: unknown): PortcullisError {
  const message = `The provider at ${issuer.href} (issuer) did not answer: ${outage}`
  return new PortcullisError('provider_unavailable', message, { cause, options: ['issuer'] })
}

/** RFC 6749 §4.1.2.1. What the person chose, or the provider decided about the person, is no fault of the configuration. */
const WRONG_REQUEST: Readonly<Record<string, readonly string[]>> = {
  unauthorized_client: ['clientId'],
  invalid_client: ['clientId'],
  unsupported_response_type: ['clientId'],
  invalid_request: ['clientId', 'scopes'],
  invalid_scope: ['scopes'],
}

/** RFC 6749 §4.1.2.1: a redirect cannot say 503, so these do. */
const PASSING_ERRORS = new Set(['temporarily_unavailable', 'server_error'])

function explainCallback(
  { error, error_description: description }: client.AuthorizationResponseError,
  options: ResolvedOidcOptions,
): ExplainedFailure {
  const said = `the provider sent the browser back with ${saidBy(error, description, options)}`
  if (PASSING_ERRORS.has(error))
    return new PortcullisError('provider_unavailable', `No login is possible now: ${said}`, { options: [] })
  const toLookAt = Object.hasOwn(WRONG_REQUEST, error) ? WRONG_REQUEST[error] : undefined
  return toLookAt ? misconfigured(said, toLookAt) : new LoginRefused(said)
}

/** RFC 6749 §5.2. Of all errors there, only `invalid_grant` is about this one code. */
function explainTokenError(
  cause: client.ResponseBodyError | client.WWWAuthenticateChallengeError,
  options: ResolvedOidcOptions,
): ExplainedFailure {
  const credentials = ['clientSecret', 'clientId']
  if (cause instanceof client.WWWAuthenticateChallengeError)
    return misconfigured(
      `the token endpoint refused the client with status ${cause.status} (invalid_client)`,
      credentials,
    )
  const { error, error_description: description } = cause
  const said = `the token endpoint answered ${saidBy(error, description, options)}`
  if (error === 'invalid_grant') return new LoginRefused(said)
  return misconfigured(said, error === 'invalid_scope' ? ['scopes'] : credentials)
}

function explainUserinfoError({
  status,
}: client.ResponseBodyError | client.WWWAuthenticateChallengeError): ExplainedFailure {
  const reason = `the ID token names no address, and the userinfo endpoint refused the access token with status ${status}`
  return misconfigured(reason, ['scopes', 'emailClaim'])
}

function explainAnswer(code: string, evidence: unknown, endpoint: 'token' | 'userinfo'): ExplainedFailure {
  if (evidence instanceof Response)
    return misconfigured(
      `the ${endpoint} endpoint answered with status ${evidence.status} and nothing that OpenID Connect knows`,
      ['issuer'],
    )
  if (memberOf(evidence, 'parameters') !== undefined)
    return new LoginRefused('the state or the issuer in the callback is not that of this login')
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') return explainTime(evidence)
  if (code === 'OAUTH_KEY_SELECTION_FAILED') {
    const header = memberOf(evidence, 'header')
    const key = `alg ${quoted(memberOf(header, 'alg'))}, kid ${quoted(memberOf(header, 'kid'))}`
    return misconfigured(`the ID token is signed with a key that the provider does not publish (${key})`, [
      'issuer',
    ])
  }
  if (code === 'OAUTH_MISSING_SERVER_METADATA' || code === 'OAUTH_INVALID_SERVER_METADATA')
    return misconfigured(`its metadata has no usable ${quoted(memberOf(evidence, 'attribute'))}`, ['issuer'])
  const claim = memberOf(evidence, 'claim')
  if (typeof claim === 'string') return explainClaim(claim, memberOf(evidence, 'expected'))
  const misshapen = misshapenClaim(memberOf(evidence, 'claims'))
  if (misshapen !== undefined)
    return misconfigured(`the claim ${quoted(misshapen)} of the ID token is missing or of another type`, [
      'issuer',
    ])
  if (memberOf(evidence, 'signature') !== undefined)
    return misconfigured('the signature of the ID token is wrong', ['issuer'])
  if (memberOf(evidence, 'header') !== undefined)
    return misconfigured(
      `the ID token is signed with ${quoted(memberOf(memberOf(evidence, 'header'), 'alg'))}, which the provider does not announce`,
      ['issuer'],
    )
  const body = memberOf(evidence, 'body')
  if (endpoint === 'token' && body !== undefined && memberOf(body, 'id_token') === undefined)
    return misconfigured(
      'the provider sent no ID token: it speaks OAuth 2.0 alone, or was not asked for the scope openid',
      ['scopes', 'issuer'],
    )
  return new LoginRefused(`the answer of the ${endpoint} endpoint proves no login${code && ` (${code})`}`)
}

const WRONG_CLAIM: Readonly<Record<string, readonly string[]>> = {
  iss: ['issuer'],
  aud: ['clientId'],
  azp: ['clientId'],
}

function explainClaim(claim: string, expected: unknown): ExplainedFailure {
  const toLookAt = Object.hasOwn(WRONG_CLAIM, claim) ? WRONG_CLAIM[claim] : undefined
  const hint = typeof expected === 'string' && toLookAt ? `; ${quoted(expected)} was expected` : ''
  const reason = `the claim ${quoted(claim)} of the ID token is missing or wrong${hint}`
  return toLookAt ? misconfigured(reason, toLookAt) : new LoginRefused(reason)
}

const CLAIM_TYPES = { iss: 'string', sub: 'string', exp: 'number', iat: 'number' } as const

/** Of the claims that no ID token may lack (OpenID Connect Core 1.0 §2), one that is missing or of another type. */
function misshapenClaim(claims: unknown): string | undefined {
  if (claims === undefined) return undefined
  return Object.entries(CLAIM_TYPES).find(([name, type]) => typeof memberOf(claims, name) !== type)?.[0]
}

/** What the library lets pass: an empty subject is nobody’s, and what is issued in the future was not issued just now. */
export function requireSound({ sub, iat }: client.IDToken, skewSeconds: number): void {
  if (sub === '') throw misconfigured('the claim "sub" of the ID token is empty', ['issuer'])
  const ahead = iat - Math.floor(Date.now() / 1000)
  if (ahead > skewSeconds)
    throw misconfigured(
      `the ID token that was just issued is of ${ahead} s from now: the clock of this machine or the provider’s is wrong`,
      [],
    )
}

function explainTime(evidence: unknown): PortcullisError {
  const claims = memberOf(evidence, 'claims')
  const now = Number(memberOf(evidence, 'now'))
  const { exp, nbf } = (claims ?? {}) as { exp?: unknown; nbf?: unknown }
  const over = now - Number(exp)
  const off = over > 0 ? `expired ${over} s ago` : `begins to count in ${Number(nbf) - now} s`
  return misconfigured(
    `the ID token that was just issued ${off}: the clock of this machine or the provider’s is wrong`,
    [],
  )
}

/** What the provider says of an error, in one line, without the secret that it may have got wrong. */
function saidBy(error: string, description: string | undefined, options: ResolvedOidcOptions): string {
  // What is cut may end in the middle of a secret.
  const said = (text: string, length: number) => boundedText(withoutSecret(text, options), length)
  return description === undefined ? said(error, 64) : `${said(error, 64)}: ${said(description, 300)}`
}

/** As it is, as a form or a URL spells it, and as Basic authentication does (RFC 6749 §2.3.1). */
function withoutSecret(text: string, { clientId, clientSecret }: ResolvedOidcOptions): string {
  if (clientSecret === undefined) return text
  const ofForm = (part: string) => new URLSearchParams({ '': part }).toString().slice(1)
  const spellings = [clientSecret, encodeURIComponent(clientSecret), ofForm(clientSecret)]
  const basic = [
    `${clientId}:${clientSecret}`,
    `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`,
    `${ofForm(clientId)}:${ofForm(clientSecret)}`,
  ].map((pair) => Buffer.from(pair).toString('base64'))
  const inLowerHex = (spelling: string) => spelling.replace(/%../g, (hex) => hex.toLowerCase())
  return [...basic, ...spellings, ...spellings.map(inLowerHex)].reduce(
    (left, spelling) => left.replaceAll(spelling, '[secret]'),
    text,
  )
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(boundedText(value, 200)) : 'nothing'
}

/** The innermost cause: what the library looked at when it gave up. */
function evidenceOf(cause: unknown): unknown {
  let evidence: unknown = cause
  while (evidence instanceof Error) evidence = evidence.cause
  return evidence
}

function codeOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : ''
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
