import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync, rmSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { Failure, hasCode } from '../failure.js'
import type { World } from '../world.js'

/** Longer than two requests to a gate may take: who holds the lock does no more than that. */
const STALE_AFTER_MS = 45_000
const GIVE_UP_AFTER_MS = 60_000

/**
 * Does the work while no other process of this user does its own; a signal does not end it halfway. The lock of a process
 * that has died, or has held it longer than any work takes, is broken.
 */
export async function withLock<T>(world: World, file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`
  const mark = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() })
  const startedAt = performance.now()
  while (!take(lock, mark)) {
    if (performance.now() - startedAt > GIVE_UP_AFTER_MS)
      throw new Failure(`another portcullis holds ${lock}; remove that if none is running`)
    await setTimeout(10 + Math.random() * 40)
  }
  return world.uninterrupted(async () => {
    try {
      return await work()
    } finally {
      removeIf(lock, mark)
    }
  })
}

function take(lock: string, mark: string): boolean {
  if (create(lock, mark)) return true
  breakStale(lock)
  return false
}

/**
 * Two that find the same stale lock must not both remove it: the second would remove the new lock of the first. Under a
 * guard, held for these few calls alone, it is removed only if it is still the one that was found.
 */
function breakStale(lock: string): void {
  const found = inspect(lock)
  if (!found?.isStale) return
  const guard = `${lock}.guard`
  if (!create(guard, '')) {
    if (inspect(guard)?.isOld) rmSync(guard, { force: true })
    return
  }
  try {
    removeIf(lock, found.mark)
  } finally {
    rmSync(guard, { force: true })
  }
}

function create(file: string, text: string): boolean {
  try {
    const descriptor = openSync(file, 'wx', 0o600)
    try {
      writeSync(descriptor, text)
    } finally {
      closeSync(descriptor)
    }
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

function removeIf(file: string, text: string): void {
  try {
    if (readFileSync(file, 'utf8') === text) unlinkSync(file)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

function inspect(file: string): { mark: string; isOld: boolean; isStale: boolean } | undefined {
  try {
    const mark = readFileSync(file, 'utf8')
    // Also a time to come is no time of a living lock: somebody has set the clock back.
    const isOld = Math.abs(Date.now() - statSync(file).mtimeMs) > STALE_AFTER_MS
    return { mark, isOld, isStale: isOld || hasDied(mark) }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Only of this machine's processes can it be told. */
function hasDied(mark: string): boolean {
  const { pid, host } = parseMark(mark)
  if (host !== hostname() || typeof pid !== 'number') return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return hasCode(error, 'ESRCH')
  }
}

/** Between its creation and its first word a lock says nothing. */
function parseMark(mark: string): { pid?: unknown; host?: unknown } {
  try {
    return JSON.parse(mark)
  } catch {
    return {}
  }
}
