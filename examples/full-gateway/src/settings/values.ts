import { z } from 'zod'
import { FIELDS, type SettingName, type SettingValue } from './fields.js'

type DefaultedName = {
  [Name in SettingName]: (typeof FIELDS)[Name] extends z.ZodDefault ? Name : never
}[SettingName]

/** What is set, each setting by itself, and the defaults of those that are not. */
export type Values = { readonly [Name in DefaultedName]: SettingValue<Name> } & {
  readonly [Name in Exclude<SettingName, DefaultedName>]?: SettingValue<Name>
}

export const NAMES = Object.keys(FIELDS) as SettingName[]

/** The defaults that are the same for everybody. */
export const DEFAULTS: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(FIELDS).flatMap(([name, field]) =>
    field instanceof z.ZodDefault ? [[name, field.parse(undefined)]] : [],
  ),
)

/** One by one, since a schema of the whole would keep back the settings that are right beside one that is wrong. */
export function readValues(env: Readonly<Record<string, string | undefined>>, problems: string[]): Values {
  const values: Record<string, unknown> = { ...DEFAULTS }
  for (const name of NAMES) {
    const text = env[name]?.trim()
    if (!text) continue
    const result = FIELDS[name].safeParse(text)
    if (result.success) values[name] = result.data
    else for (const issue of result.error.issues) problems.push(`${name}: ${issue.message}`)
  }
  return values as Values
}
