import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { open, rename } from 'node:fs/promises'
import path from 'node:path'
import { PortcullisError } from '../errors/portcullis-error.js'
import { makeDirectory } from './make-directory.js'
import type { JsonValue } from './store.js'

export interface WitnessOptions<T extends JsonValue> {
  /** A directory of its own, outside of what the store keeps; made with mode 700. Processes of one machine may share it. */
  readonly path: string
  /** Reads what a file held; undefined for what it cannot have been. */
  readonly parse: (value: JsonValue) => T | undefined
  /**
   * What is known when both are: with the same outcome in whatever order and however often. Nothing that either knows
   * may get lost.
   */
  readonly merge: (one: T, other: T) => T
}

/** Remembers, outside of a store, what the store must still have. */
export interface Witness<T extends JsonValue> {
  /** What any process of this machine knew when this was opened, merged; undefined when nobody knew anything. */
  readonly found: T | undefined
  /** One fixed sentence each: files were damaged and passed over; writing fails at present. Empty when all is well. */
  readonly warnings: readonly string[]
  /** Merges this into what is known, and writes it in the background: one write at a time, the newest. */
  remember(value: T): void
  /** Resolves when all that was remembered so far is on the disk, or when a write has failed. Never rejects. */
  flush(): Promise<void>
  /** Writes what is left. Nothing is written afterwards. */
  close(): Promise<void>
}

const WITNESS_FILE = /^witness-[\w-]+\.json(\.folded)?$/
const FOLDED = '.folded'
const TEMPORARY = '.tmp'
const ABANDONED_AFTER_MS = 60_000
const ATTEMPTS = 100
const RETRIED_AFTER_MS = 1000
/** So that a large witness that changes all the time takes a fifth of the time and not all of it. */
const REST = 4

/**
 * Opens the witness in a directory and reads what it holds. Each process writes a file of its own, by replacing it, so
 * no two ever write the same. Files that are found are folded into the own one: each is claimed by renaming it, read,
 * and removed once the file that holds its content is on the disk. A process that lives and whose file was folded away
 * makes it anew with its next write, which holds all that it knows.
 *
 * Throws `configuration_invalid` when the directory cannot be used.
 */
export function openWitness<T extends JsonValue>(options: WitnessOptions<T>): Witness<T> {
  const { path: directory, parse, merge } = options
  const file = path.join(directory, `witness-${randomBytes(9).toString('base64url')}.json`)
  const { found, isDamaged } = takeOver(directory, file, parse, merge)
  let known = found
  let remembered = 0
  let written = 0
  let isClosed = false
  let isFailing = false
  let writing: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined
  let waiting: { readonly upTo: number; readonly resolve: () => void }[] = []

  const release = (upTo: number) => {
    const released = waiting.filter((each) => each.upTo <= upTo)
    waiting = waiting.filter((each) => each.upTo > upTo)
    for (const { resolve } of released) resolve()
  }
  const writeNewest = async () => {
    do {
      const start = performance.now()
      const upTo = remembered
      try {
        await replaceFile(file, JSON.stringify(known))
        written = upTo
        isFailing = false
      } catch {
        isFailing = true
      }
      release(isFailing ? remembered : written)
      if (!isClosed && !isFailing) await pause(REST * (performance.now() - start))
    } while (written < remembered && !isFailing)
    writing = undefined
    if (!isFailing || isClosed) return
    retry = setTimeout(write, RETRIED_AFTER_MS)
    retry.unref()
  }
  const write = () => {
    clearTimeout(retry)
    writing ??= writeNewest()
  }

  return {
    found,
    get warnings() {
      return [...(isDamaged ? [DAMAGED] : []), ...(isFailing ? [FAILING] : [])]
    },
    remember(value) {
      if (isClosed) return
      known = known === undefined ? value : merge(known, value)
      remembered += 1
      if (!isFailing) write()
    },
    flush: () =>
      written === remembered || isFailing
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ upTo: remembered, resolve })),
    async close() {
      if (isClosed) return
      isClosed = true
      clearTimeout(retry)
      await writing
      if (written < remembered) write()
      await writing
    },
  }
}

const DAMAGED =
  'A file of the witness was damaged and passed over: a loss of records while no gate ran may have gone unnoticed.'
const FAILING = 'The witness cannot be written: a loss of records while no gate runs may go unnoticed.'

interface Found<T> {
  readonly found: T | undefined
  readonly isDamaged: boolean
}

function takeOver<T extends JsonValue>(
  directory: string,
  own: string,
  parse: (value: JsonValue) => T | undefined,
  merge: (one: T, other: T) => T,
): Found<T> {
  try {
    makeDirectory(directory)
    removeAbandoned(directory)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const files = claimFiles(directory)
      const texts = files?.map(readIfThere)
      // Another process folds them at this moment: what was in them is in a file that is not in this listing.
      if (!files || !texts || texts.includes(undefined)) continue
      const values = texts.map((text) => contentOf(text ?? '', parse))
      const intact = values.filter((value) => value !== undefined)
      const found = intact.length === 0 ? undefined : intact.reduce(merge)
      writeNow(own, found === undefined ? undefined : JSON.stringify(found))
      for (const file of files) rmSync(file, { force: true })
      return { found, isDamaged: intact.length < values.length }
    }
    throw new Error('The directory changes too often to be read')
  } catch (cause) {
    const problem = `witness: the directory ${directory} cannot be used; give one that this process may write`
    throw new PortcullisError('configuration_invalid', problem, { cause, problems: [problem] })
  }
}

/** Renames every file out of the reach of its owner; undefined when another process came first. */
function claimFiles(directory: string): string[] | undefined {
  const names = readdirSync(directory).filter((name) => WITNESS_FILE.test(name))
  try {
    return names.map((name) => {
      const file = path.join(directory, name)
      if (name.endsWith(FOLDED)) return file
      const claimed = `${file.slice(0, -'.json'.length)}-${randomBytes(6).toString('base64url')}.json${FOLDED}`
      renameSync(file, claimed)
      return claimed
    })
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw cause
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw cause
  }
}

function contentOf<T>(text: string, parse: (value: JsonValue) => T | undefined): T | undefined {
  try {
    return parse(JSON.parse(text) as JsonValue)
  } catch {
    return undefined
  }
}

/** What a killed process left half written. */
function removeAbandoned(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith('witness-') || !name.endsWith(TEMPORARY)) continue
    const file = path.join(directory, name)
    const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs
    if (changed !== undefined && Date.now() - changed > ABANDONED_AFTER_MS) rmSync(file, { force: true })
  }
}

/** Replaces the file; without a text, only makes sure that it could be. */
function writeNow(file: string, text: string | undefined): void {
  const temporary = file + TEMPORARY
  const descriptor = openSync(temporary, 'w', 0o600)
  try {
    writeSync(descriptor, text ?? '')
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  if (text === undefined) {
    rmSync(temporary)
    return
  }
  renameSync(temporary, file)
  const directory = openSync(path.dirname(file), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = file + TEMPORARY
  await withHandle(temporary, 'w', async (handle) => {
    await handle.writeFile(text)
    await handle.sync()
  })
  await rename(temporary, file)
  // The renaming itself has to survive a power failure.
  await withHandle(path.dirname(file), 'r', (handle) => handle.sync())
}

type Handle = Awaited<ReturnType<typeof open>>

async function withHandle(
  file: string,
  flags: string,
  act: (handle: Handle) => Promise<void>,
): Promise<void> {
  const handle = await open(file, flags, 0o600)
  try {
    await act(handle)
  } finally {
    await handle.close()
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function isMissing(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'ENOENT'
}
