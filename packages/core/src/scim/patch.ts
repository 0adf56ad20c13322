import { attributesOf, isResource, readUser } from './attributes.js'
import { fine, refuseScim, type ScimOutcome } from './outcome.js'
import { patchEmails } from './patch-emails.js'
import { type AttributePath, type Draft, type PatchOperation, parsePath } from './path.js'
import { NAME_PARTS, type UserAttributes } from './user.js'

const MOST_OPERATIONS = 100
const OPERATIONS: readonly unknown[] = ['add', 'replace', 'remove']
/** Lower-case name → the name in a draft. */
const TEXTS = new Map([
  ['username', 'userName'],
  ['externalid', 'externalId'],
  ['displayname', 'displayName'],
  ['active', 'active'],
])
const REQUIRED = new Set(['username', 'active'])

/**
 * What a user becomes by a PATCH (RFC 7644 §3.5.2): all of its operations, or none. Operations on attributes that are
 * not kept change nothing, as they would in a PUT. Operations in any case, and paths as members of a value without a path,
 * are what directories send.
 */
export function patchUser(
  user: UserAttributes,
  message: Readonly<Record<string, unknown>>,
): ScimOutcome<UserAttributes> {
  const operations = attributesOf(message)?.get('operations')
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > MOST_OPERATIONS)
    return refuseScim('invalidSyntax', `Operations: give 1 to ${MOST_OPERATIONS}.`)
  const { userName, externalId, displayName, name, emails, active } = user
  const draft: Draft = { userName, externalId, displayName, name, emails, active }
  for (const operation of operations) {
    const applied = applyOperation(draft, operation)
    if (!applied.ok) return applied
  }
  return readUser(draft, user)
}

function applyOperation(draft: Draft, operation: unknown): ScimOutcome<void> {
  const members = isResource(operation) ? attributesOf(operation) : undefined
  const given = members?.get('op')
  const op = typeof given === 'string' ? given.toLowerCase() : undefined
  if (!members || !isOperation(op)) return refuseScim('invalidSyntax', 'op: give add, replace or remove.')
  const path = members.get('path')
  const value = members.get('value')
  if (typeof path === 'string') return applyAt(draft, op, path, value)
  if (path !== undefined && path !== null) return refuseScim('invalidPath', 'path: give a string.')
  if (op === 'remove') return refuseScim('noTarget', 'remove needs a path.')
  if (!isResource(value) || !attributesOf(value))
    return refuseScim('invalidValue', 'Without a path the value must be an object.')
  for (const [name, member] of Object.entries(value)) {
    const applied = applyAt(draft, op, name, member)
    if (!applied.ok) return applied
  }
  return fine(undefined)
}

function isOperation(op: unknown): op is PatchOperation {
  return OPERATIONS.includes(op)
}

function applyAt(draft: Draft, op: PatchOperation, text: string, value: unknown): ScimOutcome<void> {
  const path = parsePath(text)
  if (path === undefined) return refuseScim('invalidPath', 'path: unreadable.')
  if (path === 'extension') return fine(undefined)
  if (path.attribute === 'emails') return patchEmails(draft, op, path, value)
  if (path.attribute === 'name') return patchName(draft, op, path, value)
  const name = TEXTS.get(path.attribute)
  if (name === undefined) return fine(undefined)
  if (path.filter !== undefined || path.part !== undefined)
    return refuseScim('invalidPath', `${name} has no parts.`)
  if (op === 'remove' && REQUIRED.has(path.attribute))
    return refuseScim('mutability', `${name} cannot be removed.`)
  draft[name] = op === 'remove' ? undefined : value
  return fine(undefined)
}

function patchName(
  draft: Draft,
  op: PatchOperation,
  { filter, part }: AttributePath,
  value: unknown,
): ScimOutcome<void> {
  if (filter !== undefined) return refuseScim('invalidPath', 'name is not a list.')
  const current = isResource(draft.name) ? draft.name : {}
  if (part !== undefined) {
    const known = NAME_PARTS.find((candidate) => candidate.toLowerCase() === part)
    if (known) draft.name = { ...current, [known]: op === 'remove' ? undefined : value }
    return fine(undefined)
  }
  const given = isResource(value) ? attributesOf(value) : undefined
  if (op === 'remove') draft.name = {}
  else if (!given) return refuseScim('invalidValue', 'name: give an object.')
  else {
    const parts = NAME_PARTS.filter((candidate) => given.has(candidate.toLowerCase()))
    const changes = parts.map((candidate) => [candidate, given.get(candidate.toLowerCase())])
    draft.name = { ...current, ...Object.fromEntries(changes) }
  }
  return fine(undefined)
}
