import type { CredentialKind, KeptRecords, KindDenials } from '../authentication/credential-kind.js'
import { DENIALS } from '../errors/denials.js'
import { checkMembers, objectOf } from '../input/check.js'
import { flag, hook, listOf, nonEmptyText, type Shape } from '../input/kinds.js'
import { type Plugin, storedCollectionsOf } from '../plugin/plugin.js'

const RECORDS: Shape<KeptRecords<unknown>> = {
  collection: nonEmptyText,
  idOf: hook,
  mayBeAbsent: flag,
  read: hook,
}

const DENIALS_OF_KIND: Shape<KindDenials> = {
  absent: nonEmptyText,
  ended: nonEmptyText,
  expired: nonEmptyText,
}

const KIND: Shape<CredentialKind> = {
  name: nonEmptyText,
  headers: listOf(nonEmptyText),
  description: nonEmptyText,
  pick: hook,
  yields: flag,
  isSentByBrowsers: flag,
  remembers: hook,
  prove: hook,
  isOfOperator: flag,
  isOfAccount: flag,
  records: objectOf(RECORDS, ['collection', 'read']),
  open: hook,
  issued: hook,
  denials: objectOf(DENIALS_OF_KIND, ['absent', 'ended']),
  describe: hook,
  admitted: hook,
  deadlineIn: hook,
  wasEnded: hook,
  revoke: hook,
}

const HEADER = /^[A-Za-z0-9_.-]+$/

/** What keeps a kind of a plugin from being asked safely, each as `PLUGIN: KIND.member: what to give`. */
export function problemsOfKind(plugin: Plugin, kind: CredentialKind): string[] {
  const problems: string[] = []
  const required = ['name', 'prove', 'issued', 'denials', 'describe'] as const
  const { records, headers, denials = {} } = checkMembers(kind, KIND, problems, { required })
  const stored = records && storedCollectionsOf(plugin).get(records.collection)
  if (records && !stored)
    problems.push(`records.collection: ${JSON.stringify(records.collection)} is none of its collections`)
  if (records && stored?.in)
    problems.push(`records.collection: ${JSON.stringify(records.collection)} is not kept about accounts`)
  if (kind.pick && kind.headers === undefined)
    problems.push('headers: name those that pick takes the credential from, or give [] where it is in none')
  for (const header of headers ?? [])
    if (!HEADER.test(header)) problems.push(`headers: ${JSON.stringify(header)} is no name of a header`)
  for (const [member, code] of Object.entries<string>({ ...denials }))
    if (!Object.hasOwn(DENIALS, code) && !Object.hasOwn(plugin.denials ?? {}, code))
      problems.push(
        `denials.${member}: ${JSON.stringify(code)} is no code of the gate nor one of its denials`,
      )
  return problems.map((problem) => `${plugin.name}: the kind ${String(kind?.name)}: ${problem}`)
}
