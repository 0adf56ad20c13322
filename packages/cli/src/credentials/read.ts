import type { Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { Failure, hasCode } from '../failure.js'
import type { World } from '../world.js'
import { type Credentials, parseCredentials } from './credential.js'
import { locateCredentials } from './locate.js'

const NOBODY: Credentials = { gates: {} }

/** Every login. Throws `Failure` when others could read them, and when the file is damaged. */
export async function readCredentials(world: World): Promise<Credentials> {
  const file = locateCredentials(world)
  const text = await readPrivate(world, file)
  if (text === undefined) return NOBODY
  const credentials = parseCredentials(text)
  if (!credentials) throw new Failure(`${file} is damaged; remove it and log in again`)
  return credentials
}

async function readPrivate(world: World, file: string): Promise<string | undefined> {
  try {
    const folder = path.dirname(file)
    refuseShared(world, folder, await stat(folder), '700')
    const handle = await open(file, 'r')
    try {
      refuseShared(world, file, await handle.stat(), '600')
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Windows has no such modes; there the profile of a user is private. */
function refuseShared({ platform }: World, place: string, { mode }: Stats, wanted: string): void {
  if (platform !== 'win32' && (mode & 0o077) !== 0)
    throw new Failure(
      `others can get at ${place}: chmod ${wanted} ${place}, and log in again if anybody may have`,
    )
}
