import { parseArgs } from 'node:util'
import { Misuse } from './failure.js'

const OPTIONS = {
  gate: { type: 'string' },
  json: { type: 'boolean' },
  scope: { type: 'string', multiple: true },
  browser: { type: 'boolean' },
  shell: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

export const COMMANDS = ['login', 'token', 'env', 'whoami', 'logout'] as const
export type CommandName = (typeof COMMANDS)[number]

const OPTIONS_OF: Readonly<Record<CommandName, readonly string[]>> = {
  login: ['gate', 'json', 'scope', 'browser'],
  token: ['gate', 'json'],
  env: ['gate', 'json', 'shell'],
  whoami: ['gate', 'json'],
  logout: ['gate', 'json'],
}

/** What the command line asks for. */
export interface Arguments {
  readonly command: CommandName
  /** As typed: by `--gate`, or after `login`. */
  readonly gate: string | undefined
  readonly json: boolean
  readonly scope: string | undefined
  readonly browser: boolean
  readonly shell: string | undefined
}

/** Reads the command line. Throws `Misuse` for whatever it does not know. */
export function parseArguments(argv: readonly string[]): Arguments | 'help' | 'version' | 'nothing' {
  const { values, positionals } = parse(argv)
  if (values.help) return 'help'
  if (values.version) return 'version'
  const [name, ...rest] = positionals
  if (name === undefined) {
    if (argv.length > 0) throw new Misuse('which command? portcullis --help lists them')
    return 'nothing'
  }
  const command = COMMANDS.find((each) => each === name)
  if (!command) throw new Misuse(`${name} is no command; portcullis --help lists them`)
  const foreign = Object.keys(values).find((option) => !OPTIONS_OF[command].includes(option))
  if (foreign) throw new Misuse(`--${foreign} is no option of ${command}; portcullis --help lists them`)
  const url = command === 'login' ? rest.shift() : undefined
  if (rest.length > 0) throw new Misuse(`${command} takes no further argument, but ${rest[0]} was given`)
  if (url !== undefined && values.gate !== undefined)
    throw new Misuse('give the gate once: after login, or by --gate')
  return {
    command,
    gate: url ?? values.gate,
    json: values.json ?? false,
    scope: values.scope?.join(' '),
    browser: values.browser ?? false,
    shell: values.shell,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // Node goes on with advice on positional arguments.
    const [problem] = error instanceof Error ? error.message.split(/\. |\n/) : []
    throw new Misuse(`${problem ?? 'unreadable arguments'}; portcullis --help lists the options`)
  }
}
