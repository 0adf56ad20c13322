import { askedGate } from './credentials/choose.js'
import { freshCredential } from './credentials/refresh-stale.js'
import { Misuse } from './failure.js'
import type { Arguments } from './parse-arguments.js'
import type { World } from './world.js'

/** What is exported stays as it is, so it had better last; gates grant a quarter of an hour unless told otherwise. */
const LASTING_MS = 600_000

type Variables = Readonly<Record<string, string>>

/** Values stand in single quotes, where a shell reads nothing but the quote, and fish the backslash. */
const SHELLS: Readonly<Record<string, (variables: Variables) => string>> = {
  sh: lines((name, value) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`),
  fish: lines((name, value) => `set -gx ${name} '${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`),
  // PowerShell takes the typographic quotes for the plain one.
  powershell: lines((name, value) => `$env:${name} = '${value.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`),
  json: (variables) => `${JSON.stringify(variables)}\n`,
}

/** Prints what Claude Code and the OpenAI SDKs read from the environment, as commands of a shell. */
export async function env(world: World, options: Arguments): Promise<void> {
  const format = formatterOf(world, options)
  const { gate, credential } = await freshCredential(world, askedGate(world, options.gate), LASTING_MS)
  world.print(
    format({
      ANTHROPIC_BASE_URL: gate,
      ANTHROPIC_AUTH_TOKEN: credential.accessToken,
      OPENAI_BASE_URL: `${gate}/v1`,
      OPENAI_API_KEY: credential.accessToken,
    }),
  )
}

function formatterOf({ platform }: World, { shell, json }: Arguments): (variables: Variables) => string {
  if (json && shell !== undefined && shell !== 'json')
    throw new Misuse('give either --json or --shell, not both')
  const name = json ? 'json' : (shell ?? (platform === 'win32' ? 'powershell' : 'sh'))
  const format = Object.hasOwn(SHELLS, name) ? SHELLS[name] : undefined
  if (!format) throw new Misuse(`--shell takes ${Object.keys(SHELLS).join(', ')}`)
  return format
}

function lines(line: (name: string, value: string) => string): (variables: Variables) => string {
  return (variables) =>
    Object.entries(variables)
      .map(([name, value]) => `${line(name, value)}\n`)
      .join('')
}
