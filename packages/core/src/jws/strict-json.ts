import { isUtf8 } from 'node:buffer'

const MAX_BYTES = 262_144
const MAX_DEPTH = 32
const LONE_SURROGATE = /\p{Surrogate}/u
/** Brackets and strings of a text known to be JSON; a colon follows a string only when it names a member. */
const BRACKET_OR_STRING = /[{}[\]]|("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?/g

/**
 * The JSON object that these bytes spell, or undefined when two parsers could disagree about it (RFC 7493 §2): invalid
 * UTF-8, a byte order mark, a member named twice at any depth, a lone surrogate. Undefined also for any other JSON
 * value, a member named `__proto__`, more than 32 levels and more than 256 KiB. Numbers are as `JSON.parse` reads them:
 * one beyond the range of a double is infinite.
 */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  if (bytes.byteLength > MAX_BYTES || !isUtf8(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && isUnambiguous(text) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isUnambiguous(json: string): boolean {
  const memberNames: Set<string>[] = []
  for (const [token, quoted, colon] of json.matchAll(BRACKET_OR_STRING)) {
    if (quoted === undefined) {
      if (token === '}' || token === ']') memberNames.pop()
      else if (memberNames.push(new Set()) > MAX_DEPTH) return false
      continue
    }
    const text = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
    if (LONE_SURROGATE.test(text)) return false
    if (colon !== undefined && !isNewMember(text, memberNames.at(-1))) return false
  }
  return true
}

function isNewMember(name: string, seen: Set<string> | undefined): boolean {
  if (name === '__proto__' || seen?.has(name)) return false
  seen?.add(name)
  return true
}
