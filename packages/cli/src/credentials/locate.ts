import path from 'node:path'
import type { World } from '../world.js'

/** The file of the credentials, absolute. */
export function locateCredentials(world: Pick<World, 'env' | 'home'>): string {
  return path.join(locateFolder(world), 'credentials.json')
}

function locateFolder({ env, home }: Pick<World, 'env' | 'home'>): string {
  if (env.PORTCULLIS_HOME) return path.resolve(env.PORTCULLIS_HOME)
  // The XDG base directory specification has relative paths ignored.
  const base = env.XDG_CONFIG_HOME
  return path.join(base && path.isAbsolute(base) ? base : path.join(home, '.config'), 'portcullis')
}
