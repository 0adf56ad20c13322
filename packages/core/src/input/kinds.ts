/** Adds to `problems` what is wrong with a value, each as `NAME: what to give`. Never quotes the value. */
export type Kind = (name: string, value: unknown, problems: string[]) => void

/** The members that an object may have, all of them, each with what it has to be. */
export type Shape<T> = T extends unknown ? { readonly [Name in keyof Required<T>]: Kind } : never

export const text: Kind = kindOf('a text', (value) => typeof value === 'string')
export const nonEmptyText: Kind = kindOf(
  'a text that is not empty',
  (value) => typeof value === 'string' && value !== '',
)
export const flag: Kind = kindOf('true or false', (value) => typeof value === 'boolean')
export const hook: Kind = kindOf('a function', (value) => typeof value === 'function')
export const someObject: Kind = kindOf('an object', isObject)
export const textOrTexts: Kind = kindOf(
  'a text or an array of texts',
  (value) => typeof value === 'string' || isTexts(value),
)

/** For members whose values are checked where they are read. */
export const checkedByValue: Kind = () => {}

export function integer(least: number, most: number): Kind {
  return kindOf(
    `an integer from ${least} to ${most}`,
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  )
}

export function oneOf(...choices: readonly string[]): Kind {
  return kindOf(choices.join(' or '), (value) => choices.some((choice) => choice === value))
}

export function listOf(kind: Kind): Kind {
  return (name, value, problems) => {
    if (!Array.isArray(value)) problems.push(`${name}: give an array`)
    else for (const [at, item] of value.entries()) kind(`${name}[${at}]`, item, problems)
  }
}

/** An object with names of the user's own choice. */
export function mapOf(kind: Kind): Kind {
  return (name, value, problems) => {
    if (!isObject(value)) problems.push(`${name}: give an object`)
    else
      for (const [key, item] of Object.entries(value)) kind(`${name}[${JSON.stringify(key)}]`, item, problems)
  }
}

/** An object that can do all of this. */
export function havingMethods(...methods: readonly string[]): Kind {
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

function kindOf(expected: string, isRight: (value: unknown) => boolean): Kind {
  return (name, value, problems) => {
    if (!isRight(value)) problems.push(`${name}: give ${expected}`)
  }
}
