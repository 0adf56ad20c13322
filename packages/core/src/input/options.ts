import { checkMembers } from './check.js'
import type { Kind, Shape } from './kinds.js'

/**
 * One option, written once in a table of options under its name and its doc comment: whether it has to be given, of what
 * kind it is, what holds when it is not given, and what is used of it.
 */
export interface Option<Given, Used = Given, IsRequired extends boolean = boolean> {
  readonly isRequired: IsRequired
  readonly kind: Kind<Given>
  /** Never there for options without a default that is the same for everybody. */
  readonly default?: unknown
  /** Is given what is of its kind, or undefined, and adds what else is wrong to `problems`. */
  readonly read: Read<Given, Used>
}

type Read<Given, Used> = (given: Given | undefined, problems: string[], name: string) => Used

// biome-ignore lint/suspicious/noExplicitAny: an option of whatever type
export type OptionTable = Readonly<Record<string, Option<any, any>>>

export function required<T>(kind: Kind<T>): Option<T, T, true> {
  // When it is missing nothing is used: its absence is a problem.
  return { isRequired: true, kind, read: (given) => given as T }
}

export function optional<T>(kind: Kind<T>): Option<T, T | undefined, false>
export function optional<T>(kind: Kind<T>, how: { readonly default: NoInfer<T> }): Option<T, T, false>
export function optional<T, Used>(
  kind: Kind<T>,
  how: { readonly read: Read<T, Used> },
): Option<T, Used, false>
export function optional<T>(
  kind: Kind<T>,
  how: { readonly default?: T; readonly read?: Read<T, unknown> } = {},
): Option<T, unknown, false> {
  return { isRequired: false, kind, read: (given) => (given === undefined ? how.default : given), ...how }
}

/** What may be given by a table of options; their doc comments are those of the table. */
export type GivenOptions<Table extends OptionTable> = RequiredMembers<Table, RequiredNames<Table>> &
  OptionalMembers<Table, Exclude<keyof Table, RequiredNames<Table>>>

/** What is used by a table of options, defaults filled in. */
export type UsedOptions<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer _, infer Used> ? Used : never
}

type RequiredNames<Table extends OptionTable> = {
  [Name in keyof Table]: Table[Name]['isRequired'] extends true ? Name : never
}[keyof Table]

// By names that are a parameter, as in `Pick`: the members keep the doc comments of the table.
type RequiredMembers<Table extends OptionTable, Names extends keyof Table> = {
  readonly [Name in Names]: GivenFor<Table[Name]>
}

type OptionalMembers<Table extends OptionTable, Names extends keyof Table> = {
  readonly [Name in Names]?: GivenFor<Table[Name]>
}

type GivenFor<Entry> = Entry extends Option<infer Given, infer _> ? Given : never

/**
 * What is used of options, with every default filled in, frozen. Adds every problem: options that are unknown, missing, or
 * wrong. What is wrong counts as not given then, so that the rest can still be examined. An undefined option is one that is
 * not given; null is a mistake.
 */
export function readOptions<Table extends OptionTable>(
  given: GivenOptions<Table>,
  table: Table,
  problems: string[],
  name?: string,
): UsedOptions<Table> {
  const entries = Object.entries(table)
  const kinds = Object.fromEntries(entries.map(([member, { kind }]) => [member, kind]))
  const sound: Readonly<Record<string, unknown>> = checkMembers(
    given,
    kinds as Shape<GivenOptions<Table>>,
    problems,
    {
      ...(name !== undefined && { name }),
      required: requiredOf(table) as (keyof GivenOptions<Table> & string)[],
    },
  )
  const used = entries.map(([member, { read }]) => [
    member,
    read(sound[member], problems, pathOf(name, member)),
  ])
  return Object.freeze(Object.fromEntries(used)) as UsedOptions<Table>
}

/** The names of the options that have to be given. */
export function requiredOf<Table extends OptionTable>(table: Table): readonly (keyof Table & string)[] {
  return Object.keys(table).filter((name) => table[name]?.isRequired)
}

function pathOf(name: string | undefined, member: string): string {
  return name === undefined ? member : `${name}.${member}`
}
