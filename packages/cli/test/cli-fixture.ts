import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '../src/credentials/credential.js'
import { run } from '../src/run.js'
import type { World } from '../src/world.js'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A user of the command line, with a folder for the credentials. */
export class User {
  readonly #cleaning: (() => Promise<void>)[] = []

  private constructor(readonly home: string) {}

  static async create(): Promise<User> {
    return new User(await mkdtemp(path.join(tmpdir(), 'portcullis-cli-')))
  }

  get file(): string {
    return path.join(this.home, 'credentials.json')
  }

  async credentials(): Promise<Credentials> {
    return JSON.parse(await readFile(this.file, 'utf8')) as Credentials
  }

  async write(credentials: Credentials): Promise<void> {
    await writeFile(this.file, JSON.stringify(credentials), { mode: 0o600 })
  }

  /** Makes the access token of a gate one that has to be refreshed. */
  async expire(gate: string): Promise<void> {
    const credentials = await this.credentials()
    const credential = credentials.gates[gate]
    if (!credential) throw new Error(`nobody is logged in to ${gate}`)
    const expired = { ...credential, expiresAt: Date.now() + 59_000 }
    await this.write({ ...credentials, gates: { ...credentials.gates, [gate]: expired } })
  }

  /** The built command line as a process of its own. */
  start(args: readonly string[], env: Record<string, string> = {}): ChildProcessWithoutNullStreams {
    if (!existsSync(MAIN)) throw new Error('npm run build comes first')
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env.PATH, PORTCULLIS_HOME: this.home, ...env },
    })
    this.#cleaning.push(async () => void child.kill('SIGKILL'))
    return child
  }

  async run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    return finish(this.start(args, env))
  }

  /** A world that prints nowhere and does not wait. */
  world(changed: Partial<World> = {}): World {
    return {
      env: { PORTCULLIS_HOME: this.home },
      home: this.home,
      platform: process.platform,
      now: Date.now,
      sleep: async () => {},
      print() {},
      notify() {},
      openBrowser() {},
      uninterrupted: (work) => work(),
      ...changed,
    }
  }

  /** The same as `run` within this process, with a world of one's own. */
  async runHere(args: readonly string[], changed: Partial<World> = {}): Promise<Ran> {
    let stdout = ''
    let stderr = ''
    const world = this.world({
      print(text) {
        stdout += text
      },
      notify(text) {
        stderr += text
      },
      ...changed,
    })
    const code = await run(world, args)
    return { code, stdout, stderr }
  }

  /** Logs in; `decide` is the person with the browser, and acts while the command waits for the first time. */
  async logIn(
    gate: string,
    decide: (userCode: string) => Promise<void>,
    args: readonly string[] = [],
    changed: Partial<World> = {},
  ): Promise<Ran> {
    let printed = ''
    let isDecided = false
    const ran = await this.runHere(['login', gate, ...args], {
      print(text) {
        printed += text
      },
      async sleep() {
        if (isDecided) return
        isDecided = true
        await decide(userCodeIn(printed) ?? '')
      },
      ...changed,
    })
    return { ...ran, stdout: printed }
  }

  async dispose(): Promise<void> {
    for (const clean of this.#cleaning.splice(0)) await clean()
    await rm(this.home, { recursive: true, force: true })
  }
}

export async function finish(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

export function userCodeIn(printed: string): string | undefined {
  return /allow the code (\S+)/.exec(printed)?.[1]
}

interface Browser {
  fetch(url: string, init?: RequestInit): Promise<Response>
}

/** Decides about a device as a person does on the gate's page. */
export async function decideDevice(
  gate: string,
  browser: Browser,
  userCode: string,
  decision: 'approve' | 'deny',
): Promise<void> {
  const response = await browser.fetch(`${gate}/device`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      origin: gate,
    },
    body: new URLSearchParams({ user_code: userCode, decision }),
  })
  if (response.status !== 200) throw new Error(`not decided: ${response.status} ${await response.text()}`)
}

/** What a program behind the gate answers to whoever bears this token. */
export async function statusOf(gate: string, token: string): Promise<number> {
  const response = await fetch(`${gate}/v1/models`, { headers: { authorization: `Bearer ${token}` } })
  await response.body?.cancel()
  return response.status
}
