import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { World } from '../world.js'
import type { Credentials } from './credential.js'
import { locateCredentials } from './locate.js'
import { withLock } from './lock.js'
import { readCredentials } from './read.js'

/** Makes these the credentials: all of them on the disk, or none. */
export type Keep = (next: Credentials) => Promise<void>

/** Changes the credentials while no other process does; the work is given what is there once the lock is held. */
export async function changeCredentials<T>(
  world: World,
  work: (current: Credentials, keep: Keep) => Promise<T>,
): Promise<T> {
  const file = locateCredentials(world)
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  return withLock(world, file, async () => work(await readCredentials(world), (next) => write(file, next)))
}

async function write(file: string, credentials: Credentials): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(credentials, null, 2)}\n`)
      // The refresh token before this one is spent: what is renamed has to be there after a power cut.
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}
