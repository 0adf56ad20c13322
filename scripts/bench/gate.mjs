import { createSecretKey, randomBytes } from 'node:crypto'
import { createGate } from '@portcullis/core'
import { redisStore } from '@portcullis/core/redis'
import { jwtVerify } from 'jose'

/**
 * What the processes of one run share.
 *
 * @typedef {object} Secrets
 * @property {string} session
 * @property {string} signing
 */

export const publicUrl = 'https://gate.example.test'
export const admin = 'admin@example.test'

/** A machine that is busy with the measurement itself must not count as a store that is down. */
const PATIENCE_MS = 10_000

/** @returns {Secrets} */
export function createSecrets() {
  return { session: randomBytes(32).toString('base64'), signing: randomBytes(32).toString('base64') }
}

/**
 * @param {import('@portcullis/core').Store} store
 * @param {Secrets} secrets
 * @param {Partial<import('@portcullis/core').GateOptions>} [more]
 */
export function openGate(store, secrets, more = {}) {
  return createGate({
    store,
    publicUrl,
    secret: secrets.session,
    keys: [{ algorithm: 'HS256', secret: secrets.signing }],
    superAdmins: [admin],
    storeDeadlineMs: PATIENCE_MS,
    ...more,
  })
}

/** @param {string} url */
export function openRedisStore(url) {
  return redisStore({ url, commandTimeoutMs: PATIENCE_MS })
}

/**
 * What people write themselves with jose: signature, times, issuer, audience and type, and nothing that could be revoked.
 *
 * @param {Secrets} secrets
 */
export function joseVerifier({ signing }) {
  const key = createSecretKey(Buffer.from(signing, 'utf8'))
  const expected = { algorithms: ['HS256'], issuer: publicUrl, audience: publicUrl, typ: 'at+jwt' }
  /** @param {string} token */
  return (token) => jwtVerify(token, key, expected)
}

/**
 * @param {import('@portcullis/core').Gate} gate
 * @param {import('@portcullis/core').TokenToIssue} input
 */
export async function issue(gate, input) {
  const issued = await gate.tokens.issue(input)
  if (!issued.ok) throw new Error(`no token was issued: ${issued.denial.code}`)
  return issued.value
}

/**
 * What `authenticate` is given for a request like those of the SDKs.
 *
 * @param {string} token
 * @returns {import('@portcullis/core').RequestView}
 */
export function viewOf(token) {
  return {
    method: 'POST',
    target: '/v1/messages',
    rawHeaders: [
      'host',
      'gate.example.test',
      'accept',
      'application/json',
      'content-type',
      'application/json',
      'user-agent',
      'bench/1.0',
      'authorization',
      `Bearer ${token}`,
      'content-length',
      '512',
    ],
  }
}
