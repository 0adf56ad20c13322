import { randomBytes } from 'node:crypto'
import { problem } from './problem.js'

export interface StoredKey {
  key_id: string
  key_name: string
  scopes: string[]
  created_at: number
  expires_at?: number
  last_used_at?: number
}

const PATH = /^\/v1\/user\/keys(?:\/(pk_[\w-]{12})(\/rotate)?)?$/
const seconds = () => Math.floor(Date.now() / 1000)
const random = (bytes: number) => randomBytes(bytes).toString('base64url')

export function storedKey(name: string, changes: Partial<StoredKey> = {}): StoredKey {
  return {
    key_id: `pk_${random(9)}`,
    key_name: name,
    scopes: ['llm:invoke'],
    created_at: seconds() - 3 * 86_400,
    ...changes,
  }
}

/** The wire contract of the routes of keys, over an array, newest first. */
export function answerKeys(keys: StoredKey[], method: string, path: string, body: unknown): Response {
  const [here, id, rotating] = PATH.exec(path) ?? []
  const action = here && [method, id && 'one', rotating && 'rotate'].filter(Boolean).join(' ')
  const found = keys.find((key) => key.key_id === id)
  if (action === 'GET') return Response.json({ keys, count: keys.length, user_email: 'ada@example.com' })
  if (action === 'POST') return create(keys, body as Creation)
  if (!found) return problem(404, 'API key not found', 'The account has no such API key.')
  if (action === 'POST one rotate') return rotate(keys, found, body as { overlap_seconds: number })
  if (action !== 'DELETE one') return problem(405, 'Method not allowed')
  keys.splice(keys.indexOf(found), 1)
  return Response.json({ message: 'The API key is revoked.', key_id: id })
}

interface Creation {
  key_name?: string
  expires_in?: number
  scopes: string[]
}

function create(keys: StoredKey[], { key_name, expires_in, scopes }: Creation): Response {
  const expiry = expires_in !== undefined && { expires_at: seconds() + expires_in }
  return add(keys, storedKey(key_name ?? 'key', { scopes, created_at: seconds(), ...expiry }))
}

function rotate(
  keys: StoredKey[],
  old: StoredKey,
  { overlap_seconds }: { overlap_seconds: number },
): Response {
  const { key_name, scopes, expires_at } = old
  old.expires_at = Math.min(seconds() + overlap_seconds, expires_at ?? Number.POSITIVE_INFINITY)
  if (overlap_seconds === 0) keys.splice(keys.indexOf(old), 1)
  const kept = expires_at !== undefined && { expires_at }
  return add(keys, storedKey(key_name, { scopes, created_at: seconds(), ...kept }))
}

function add(keys: StoredKey[], made: StoredKey): Response {
  keys.unshift(made)
  return Response.json({ key: `${made.key_id}${random(49).slice(0, 65)}`, ...made }, { status: 201 })
}
