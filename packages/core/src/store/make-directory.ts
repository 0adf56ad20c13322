import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * Makes a directory that only its owner can enter, with its parents, unless it is there. Not by what Node calls recursive,
 * which never returns for a path below `/proc`. Throws the error of the system.
 */
export function makeDirectory(directory: string): void {
  const wanted = path.resolve(directory)
  if (statSync(wanted, { throwIfNoEntry: false })?.isDirectory()) return
  const parent = path.dirname(wanted)
  if (parent !== wanted && statSync(parent, { throwIfNoEntry: false }) === undefined) makeDirectory(parent)
  try {
    mkdirSync(wanted, { mode: 0o700 })
  } catch (cause) {
    // Another process may have been faster.
    if (!statSync(wanted, { throwIfNoEntry: false })?.isDirectory()) throw cause
  }
}
