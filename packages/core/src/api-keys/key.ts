import type { Issued } from '../authentication/judge.js'
import { isSameHash, sha256 } from '../crypto/hash.js'
import type { PluginContext } from '../plugin/context.js'
import { collection, count, instant, optional, text, texts } from '../store/collection.js'
import type { Millis } from '../store/store.js'

/** What API keys need of their gate. */
export type ApiKeyContext = Pick<
  PluginContext,
  | 'audited'
  | 'chooseScopes'
  | 'clock'
  | 'once'
  | 'optimistically'
  | 'partitionOf'
  | 'randomId'
  | 'records'
  | 'refuseOver'
  | 'sealer'
>

/** The record of an API key. The key itself is stored nowhere, only a hash of its secret part. */
export interface ApiKeyRecord {
  readonly account: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  /** Absent: it does not expire. */
  readonly expiresAt?: Millis
  readonly generation: number
  readonly hash: string
}

/** What may be said of an API key to those who may see it. */
export interface ApiKeyInfo {
  /** Names the key; its first characters, too short to be used. */
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  readonly expiresAt?: Millis
  readonly lastUsedAt?: Millis
}

export const apiKeyRecords = collection<ApiKeyRecord>(
  'api-keys',
  {
    account: text,
    name: text,
    scopes: texts,
    createdAt: instant,
    expiresAt: optional(instant),
    generation: count,
    hash: text,
  },
  'API key',
)

export const apiKeyUses = collection<Millis>('api-key-use', instant)

const PREFIX = 'pk_'
const ID_CHARACTERS = 12
/** 72 bits tell keys apart, 22 characters say where the account is, 256 bits prove it. */
const API_KEY = /^(pk_[\w-]{12})([\w-]{22})([\w-]{43})$/

export interface PresentedApiKey {
  readonly id: string
  readonly partition: string
  readonly secret: string
}

export function isApiKey(credential: string): boolean {
  return credential.startsWith(PREFIX)
}

/** The parts of a key, or undefined for what we cannot have made. */
export function parseApiKey(credential: string): PresentedApiKey | undefined {
  const [, id, partition, secret] = API_KEY.exec(credential) ?? []
  return id && partition && secret ? { id, partition, secret } : undefined
}

export function writeApiKey({ id, partition, secret }: PresentedApiKey): string {
  return `${id}${partition}${secret}`
}

/** The id of a key, of the first 12 of these characters. */
export function apiKeyIdFrom(characters: string): string {
  return `${PREFIX}${characters.slice(0, ID_CHARACTERS)}`
}

export function isSecretOf(record: ApiKeyRecord, secret: string): boolean {
  return isSameHash(sha256(secret), record.hash)
}

export function issuedAsApiKey(partition: string, { createdAt, generation }: ApiKeyRecord): Issued {
  return { partition, issuedAt: createdAt, tokenGeneration: generation, needsFreshLogin: true }
}

export function apiKeyInfoOf(id: string, record: ApiKeyRecord, lastUsedAt?: Millis): ApiKeyInfo {
  const { name, scopes, createdAt, expiresAt } = record
  return {
    id,
    name,
    scopes,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  }
}
