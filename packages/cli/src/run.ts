import { env } from './env.js'
import { describeFailure, Failure } from './failure.js'
import { HELP } from './help.js'
import { login } from './login.js'
import { logout } from './logout.js'
import { type Arguments, type CommandName, parseArguments } from './parse-arguments.js'
import { readVersion } from './read-version.js'
import { token } from './token.js'
import { whoami } from './whoami.js'
import type { World } from './world.js'

const RUN: Readonly<Record<CommandName, (world: World, options: Arguments) => Promise<void>>> = {
  login,
  token,
  env,
  whoami,
  logout,
}

/** Runs one command line. Resolves to its exit code: 0 done, 1 failed, 2 wrong usage; never rejects. */
export async function run(world: World, argv: readonly string[]): Promise<0 | 1 | 2> {
  try {
    const asked = parseArguments(argv)
    if (asked === 'help') world.print(HELP)
    else if (asked === 'version') world.print(`${await readVersion()}\n`)
    else if (asked === 'nothing') {
      world.notify(HELP)
      return 2
    } else await RUN[asked.command](world, asked)
    return 0
  } catch (error) {
    world.notify(`portcullis: ${describeFailure(error)}\n`)
    return error instanceof Failure ? error.exitCode : 1
  }
}
