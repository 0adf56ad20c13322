import { attributesOf, isResource } from './attributes.js'
import { fine, refuseScim, type ScimOutcome } from './outcome.js'
import {
  type AttributePath,
  type Draft,
  type ItemFilter,
  type PatchOperation,
  parseItemFilter,
} from './path.js'

type Item = Readonly<Record<string, unknown>>

const PARTS: readonly string[] = ['value', 'type', 'primary']

/**
 * Changes the list of e-mails. A `type` that no e-mail has yet makes a new one, as directories expect that set
 * `emails[type eq "work"].value`. A new primary e-mail takes the mark from the old one (RFC 7644 §3.5.2).
 */
export function patchEmails(
  draft: Draft,
  op: PatchOperation,
  { filter, part }: AttributePath,
  value: unknown,
): ScimOutcome<void> {
  const current = itemsOf(draft.emails) ?? []
  if (filter === undefined) return patchAll(draft, op, part, current, value)
  const wanted = parseItemFilter(filter)
  if (!wanted) return refuseScim('invalidFilter', 'emails: filter by type, value or primary with eq.')
  if (part !== undefined && !PARTS.includes(part)) return fine(undefined)
  const matching = current.filter((item) => matches(item, wanted))
  if (op === 'remove') {
    if (matching.length === 0) return refuseScim('noTarget', 'No e-mail is of this kind.')
    if (part === undefined) draft.emails = current.filter((item) => !matching.includes(item))
    else
      draft.emails = current.map((item) => (matching.includes(item) ? { ...item, [part]: undefined } : item))
    return fine(undefined)
  }
  const changes = part === undefined ? itemOf(value) : { [part]: value }
  if (!changes) return refuseScim('invalidValue', 'emails: give an object.')
  if (matching.length === 0 && wanted.part !== 'type')
    return refuseScim('noTarget', 'No e-mail is of this kind.')
  const changed =
    matching.length === 0
      ? [{ type: wanted.value, ...changes }]
      : matching.map((item) => ({ ...item, ...changes }))
  const others = current.filter((item) => !matching.includes(item))
  draft.emails = withPrimary(others, changed)
  return fine(undefined)
}

function patchAll(
  draft: Draft,
  op: PatchOperation,
  part: string | undefined,
  current: readonly Item[],
  value: unknown,
): ScimOutcome<void> {
  if (part !== undefined) return refuseScim('invalidPath', 'emails: say which, with a filter.')
  const given = op === 'remove' ? [] : itemsOf(Array.isArray(value) ? value : [value])
  if (!given) return refuseScim('invalidValue', 'emails: give objects.')
  const isNew = (item: Item) => !given.some((added) => added.value === item.value)
  draft.emails = op === 'add' ? withPrimary(current.filter(isNew), given) : given
  return fine(undefined)
}

function withPrimary(others: readonly Item[], changed: readonly Item[]): readonly Item[] {
  const isReplaced = changed.some((item) => isTrue(item.primary))
  const kept = isReplaced ? others.map((item) => ({ ...item, primary: false })) : others
  return [...kept, ...changed]
}

function matches(item: Item, { part, value }: ItemFilter): boolean {
  if (part === 'primary') return isTrue(item.primary) === (value === true)
  return String(item[part] ?? '').toLowerCase() === String(value).toLowerCase()
}

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true')
}

function itemsOf(value: unknown): readonly Item[] | undefined {
  const items = Array.isArray(value) ? value.map(itemOf) : [undefined]
  return items.every((item) => item !== undefined) ? (items as readonly Item[]) : undefined
}

function itemOf(value: unknown): Item | undefined {
  const attributes = isResource(value) ? attributesOf(value) : undefined
  return (
    attributes &&
    Object.fromEntries(
      PARTS.filter((part) => attributes.has(part)).map((part) => [part, attributes.get(part)]),
    )
  )
}
