import { createHash, timingSafeEqual } from 'node:crypto'
import { frozenIdentity, type Identity } from '../authentication/identity.js'

/** The name of the operator in the audit log. No e-mail, so no account can have it. */
export const MASTER_KEY_ACCOUNT = 'master-key'

/** A key of the operator's own choosing, for automation before anybody has logged in. */
export interface MasterKey {
  /** The operator, or undefined for anything else. Compares digests, in constant time. */
  identify(credential: string): Identity | undefined
}

export interface MasterKeyContext {
  /** Only its hash stays in memory. */
  readonly key: string
  readonly scopes: readonly string[]
  readonly partition: string
  readonly startedAt: number
}

const NEVER = 253_402_300_799_000

export function masterKey({ key, scopes, partition, startedAt }: MasterKeyContext): MasterKey {
  const expected = digest(key)
  const operator = frozenIdentity({
    accountId: MASTER_KEY_ACCOUNT,
    email: MASTER_KEY_ACCOUNT,
    groups: [],
    role: 'super_admin',
    scopes: [...scopes],
    credential: { kind: 'master_key', id: MASTER_KEY_ACCOUNT, issuedAt: startedAt, expiresAt: NEVER },
    partition,
  })
  return {
    identify: (credential) => (timingSafeEqual(digest(credential), expected) ? operator : undefined),
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
