/** Adds to `problems` what is wrong with a value that should be a `T`, each as `NAME: what to give`. Never quotes the value. */
export interface Kind<T = unknown> {
  (name: string, value: unknown, problems: string[]): void
  /** Never there: it lets a table of options infer what is given from how it is checked. */
  readonly checks?: T
  /** The values that are right, for documents: `10 to 10000`, `refuse or accept`. */
  readonly range?: string | undefined
}

/** Checks less than its type says, so that whoever uses it has to say the type. */
export type LooseKind = Kind<never>

/** The members that an object may have, all of them, each with what it has to be. */
export type Shape<T> = T extends unknown ? { readonly [Name in keyof Required<T>]: Kind } : never

export const text: Kind<string> = kindOf('a text', (value) => typeof value === 'string')
export const nonEmptyText: Kind<string> = kindOf(
  'a text that is not empty',
  (value) => typeof value === 'string' && value !== '',
)
export const flag: Kind<boolean> = kindOf('true or false', (value) => typeof value === 'boolean')
export const hook: LooseKind = kindOf('a function', (value) => typeof value === 'function')
export const someObject: LooseKind = kindOf('an object', isObject)
export const textOrTexts: Kind<string | readonly string[]> = kindOf(
  'a text or an array of texts',
  (value) => typeof value === 'string' || isTexts(value),
)

/** For members whose values are checked where they are read. */
export const checkedByValue: LooseKind = () => {}

export function integer(least: number, most: number): Kind<number> {
  return kindOf(
    `an integer from ${least} to ${most}`,
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    `${least} to ${most}`,
  )
}

export function oneOf<Choice extends string>(...choices: readonly Choice[]): Kind<Choice> {
  const range = choices.join(' or ')
  return kindOf(range, (value) => choices.some((choice) => choice === value), range)
}

export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return (name, value, problems) => {
    if (!Array.isArray(value)) problems.push(`${name}: give an array`)
    else for (const [at, item] of value.entries()) kind(`${name}[${at}]`, item, problems)
  }
}

/** An object with names of the user's own choice. */
export function mapOf<T>(kind: Kind<T>): Kind<Readonly<Record<string, T>>> {
  return (name, value, problems) => {
    if (!isObject(value)) problems.push(`${name}: give an object`)
    else
      for (const [key, item] of Object.entries(value)) kind(`${name}[${JSON.stringify(key)}]`, item, problems)
  }
}

/** An object that can do all of this. */
export function havingMethods(...methods: readonly string[]): LooseKind {
  return (name, value, problems) => {
    const missing = methods.filter(
      (method) => typeof (value as Record<string, unknown>)?.[method] !== 'function',
    )
    if (missing.length > 0) problems.push(`${name}: give an object with ${missing.join(', ')}`)
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function kindOf<T>(expected: string, isRight: (value: unknown) => boolean, range?: string): Kind<T> {
  const check: Kind<T> = (name, value, problems) => {
    if (!isRight(value)) problems.push(`${name}: give ${expected}`)
  }
  return range === undefined ? check : Object.assign(check, { range })
}
