import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { PASSWORD } from './gateway-fixture.js'

export const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

/** The built gateway as a process of its own, ready to serve. Whoever starts it stops it. */
export async function startProcess(
  port: number,
  directory: string,
  env: Record<string, string> = {},
  onOutput: (text: string) => void = () => {},
): Promise<ChildProcess> {
  if (!existsSync(MAIN)) throw new Error('npm run build comes first')
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DATA_DIR: directory,
      DEMO_PASSWORD: PASSWORD,
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
      onOutput(String(chunk))
      if (printed.includes('Portcullis is ready')) resolve()
    })
    child.once('exit', () => reject(new Error(`the gateway did not start: ${printed}`)))
  })
  return child
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
