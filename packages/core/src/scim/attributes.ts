import { canonicalEmail } from '../accounts/account-id.js'
import { boundedText, lineOf } from '../encoding/text.js'
import { fine, refuseScim, type ScimOutcome } from './outcome.js'
import { NAME_PARTS, type UserAttributes, type UserEmail } from './user.js'

const LONGEST_NAME = 254
const LONGEST_TEXT = 256
const MOST_EMAILS = 20

/** Attributes of a resource by their lower-case names: names ignore case (RFC 7643 §2.1). */
export type Attributes = ReadonlyMap<string, unknown>

/** Undefined when an attribute is named twice: the two could disagree, about `active` for one. */
export function attributesOf(resource: Readonly<Record<string, unknown>>): Attributes | undefined {
  const attributes = new Map(Object.entries(resource).map(([name, value]) => [name.toLowerCase(), value]))
  return attributes.size === Object.keys(resource).length ? attributes : undefined
}

export function isResource(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads a user from what a directory sends. Attributes that are not kept are ignored, `null` stands for absent
 * (RFC 7643 §2.5). `active` may also be a string, as some directories send it; left out, it is `active`.
 */
export function readUser(
  resource: Readonly<Record<string, unknown>>,
  defaults: { active: boolean },
): ScimOutcome<UserAttributes> {
  const attributes = attributesOf(resource)
  if (!attributes) return refuseScim('invalidSyntax', 'An attribute is given twice.')
  const userName = exactText(attributes.get('username'), LONGEST_NAME)
  if (userName === undefined)
    return refuseScim('invalidValue', `userName: required, one line of at most ${LONGEST_NAME} characters.`)
  const active = readActive(attributes.get('active') ?? defaults.active)
  if (active === undefined) return refuseScim('invalidValue', 'active: give true or false.')
  const emails = readEmails(attributes.get('emails') ?? [])
  if (!emails)
    return refuseScim(
      'invalidValue',
      `emails: give at most ${MOST_EMAILS}, each with a value, one of them primary.`,
    )
  const name = readName(attributes.get('name') ?? {})
  if (!name) return refuseScim('invalidValue', 'name: give an object.')
  const externalId = attributes.get('externalid')
  if (typeof externalId === 'string' && lineOf(externalId, LONGEST_TEXT) === undefined)
    return refuseScim('invalidValue', `externalId: at most ${LONGEST_TEXT} characters.`)
  const user: UserAttributes = {
    userName,
    emails,
    active,
    ...optionalText('externalId', externalId),
    ...optionalText('displayName', attributes.get('displayname')),
    ...(Object.keys(name).length === 0 ? {} : { name }),
  }
  if (accountsOf(user).length > 0) return fine(user)
  return refuseScim('invalidValue', 'userName, or else the primary e-mail, must be an e-mail address.')
}

/**
 * The accounts that a user may log in by. Both names count: if a directory knows somebody by one and the identity
 * provider by the other, deactivating the user must end either.
 */
export function accountsOf({
  userName,
  emails,
}: Pick<UserAttributes, 'userName' | 'emails'>): readonly string[] {
  const primary = emails.find((email) => email.primary) ?? emails[0]
  const accounts = [userName, primary?.value ?? ''].map(canonicalEmail)
  return [...new Set(accounts.filter((account) => account !== undefined))]
}

function readActive(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  const text = typeof value === 'string' ? value.toLowerCase() : undefined
  return text === 'true' ? true : text === 'false' ? false : undefined
}

function readEmails(value: unknown): readonly UserEmail[] | undefined {
  if (!Array.isArray(value) || value.length > MOST_EMAILS) return undefined
  const emails = value.map(readEmail)
  if (emails.some((email) => email === undefined)) return undefined
  const known = emails.filter((email) => email !== undefined)
  return known.filter((email) => email.primary).length > 1 ? undefined : known
}

function readEmail(item: unknown): UserEmail | undefined {
  const attributes = isResource(item) ? attributesOf(item) : undefined
  const value = exactText(attributes?.get('value'), LONGEST_NAME)
  if (!attributes || value === undefined) return undefined
  const type = optionalText('type', attributes.get('type'))
  return { value, ...type, ...(readActive(attributes.get('primary')) ? { primary: true } : {}) }
}

function readName(value: unknown): UserAttributes['name'] | undefined {
  const attributes = isResource(value) ? attributesOf(value) : undefined
  if (!attributes) return undefined
  const parts = NAME_PARTS.map((part) => optionalText(part, attributes.get(part.toLowerCase())))
  return Object.assign({}, ...parts)
}

/** Text by which somebody is found: refused rather than altered. */
function exactText(value: unknown, longest: number): string | undefined {
  const text = typeof value === 'string' ? value.trim() : ''
  return text !== '' && boundedText(text, longest) === text ? text : undefined
}

/** Text that is only shown; of a longer one the beginning. */
function optionalText<Name extends string>(name: Name, value: unknown): { readonly [N in Name]?: string } {
  const text = typeof value === 'string' ? boundedText(value, LONGEST_TEXT) : ''
  return (text === '' ? {} : { [name]: text }) as { readonly [N in Name]?: string }
}
