import { createHmac } from 'node:crypto'

const MAX_EMAIL_LENGTH = 254
const WHITESPACE_OR_CONTROL = /[\s\p{Cc}\p{Cf}]/u
const NON_ASCII = /[^\p{ASCII}]/u

/**
 * The one spelling under which an account is known: trimmed, NFC, lower case, exactly one ASCII `@` with text on both
 * sides, at most 254 characters. Anything else, what is no text too, is `undefined`: not an address that can be granted,
 * banned or billed.
 */
export function canonicalEmail(text: string): string | undefined {
  if (typeof text !== 'string') return undefined
  const trimmed = text.trim()
  if (WHITESPACE_OR_CONTROL.test(trimmed) || [...trimmed].some(foldsToAscii)) return undefined
  const canonical = trimmed.normalize('NFC').toLowerCase()
  const [local, domain, ...more] = canonical.split('@')
  return local && domain && more.length === 0 && canonical.length <= MAX_EMAIL_LENGTH ? canonical : undefined
}

/** The accounts of e-mails in any spelling; adds those that are none to `problems`. */
export function canonicalEmails(
  emails: readonly string[] = [],
  problems: string[],
  name: string,
): ReadonlySet<string> {
  const accounts = emails.map((email) => {
    const account = canonicalEmail(email)
    if (account === undefined) problems.push(`${name}: ${JSON.stringify(email)} is not an e-mail address`)
    return account
  })
  return new Set(accounts.filter((account) => account !== undefined))
}

/** U+212A (KELVIN SIGN) or a full-width letter would make one person's address another's. */
function foldsToAscii(character: string): boolean {
  return NON_ASCII.test(character) && !NON_ASCII.test(character.normalize('NFKC').toLowerCase())
}

const SUBJECT_ACCOUNT = /^subject:((?:[\w.-]|~[\dA-F]{2})+):((?:[\w.-]|~[\dA-F]{2})+)$/
export const MAX_SUBJECT_LENGTH = 255
export const MAX_ISSUER_LENGTH = 500
/** A character of one unit is three bytes at most, and each becomes three characters. */
const ESCAPED = 9

/** Characters of the longest account id that there can be. */
export const MAX_ACCOUNT_LENGTH =
  'subject::'.length + ESCAPED * MAX_SUBJECT_LENGTH + ESCAPED * MAX_ISSUER_LENGTH

/**
 * The account of whoever has no e-mail: `subject:SUBJECT:ISSUER`, the issuer without its `https://`, every byte but ASCII
 * letters, digits, `_`, `.` and `-` as `~` and two hexadecimal digits. No two subjects of any issuers share one, and it has
 * no `@`, so that it is nobody's e-mail. Undefined for what is no subject (OpenID Connect Core 1.0 §2): empty, longer than
 * 255, or not well-formed Unicode.
 */
export function subjectAccount(issuer: string, subject: string): string | undefined {
  if (subject === '' || subject.length > MAX_SUBJECT_LENGTH || /\p{Cs}/u.test(subject)) return undefined
  return `subject:${escapeBytes(subject)}:${escapeBytes(issuer.replace(/^https:\/\//, ''))}`
}

/**
 * The one spelling of an account: that of its e-mail, or what `subjectAccount` gives. Undefined for anything else, what is
 * no text too.
 */
export function canonicalAccount(text: string): string | undefined {
  if (typeof text !== 'string') return undefined
  const [given, subject = '', issuer = ''] = SUBJECT_ACCOUNT.exec(text.trim()) ?? []
  if (given === undefined) return canonicalEmail(text)
  const isCanonical = [subject, issuer].every((part) => escapeBytes(unescapeBytes(part)) === part)
  return isCanonical ? given : undefined
}

/** Whether an account id is an e-mail: every other kind (of a subject, of a service, the master key) is without `@`. */
export function isEmail(accountId: string): boolean {
  return accountId.includes('@')
}

function escapeBytes(text: string): string {
  const spell = (byte: number) => `~${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return text.replace(/[^\w.-]/gu, (character) => [...Buffer.from(character)].map(spell).join(''))
}

function unescapeBytes(text: string): string {
  const bytes = text.replace(/~(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

/**
 * Where an account's records live: 128 bits of an HMAC over the account id. The same for every spelling of an e-mail
 * (callers pass the canonical one) and telling nobody without the key who it is.
 */
export function partitionOf(accountId: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(accountId, 'utf8').digest('base64url').slice(0, 22)
}

/** `partitionOf` under one key. */
export function partitionsUnder(key: Uint8Array): (accountId: string) => string {
  return (accountId) => partitionOf(accountId, key)
}
