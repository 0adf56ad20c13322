import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import path from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { PortcullisError } from '../errors/portcullis-error.js'
import { makeDirectory } from '../store/make-directory.js'
import type { JsonValue, Millis, StoredRecord } from '../store/store.js'
import { fileProblem } from './file-header.js'
import type { DeadlinePlace, OrderPlace, RecordPlace } from './layout.js'

export interface Environment {
  readonly root: RootDatabase
  readonly records: Database<StoredRecord, RecordPlace & string[]>
  readonly order: Database<Millis | null, OrderPlace & (string | number)[]>
  readonly deadlines: Database<true, DeadlinePlace & (string | number)[]>
  readonly blocks: Database<Buffer, OrderPlace & (string | number)[]>
  readonly meta: Database<JsonValue, (string | number)[]>
}

/** Of the layout in `layout.ts`: another one is not read. */
const LAYOUT = 2

/**
 * Opens, or makes, the environment: files that only their owner can read, in a directory that only its owner can enter
 * if it was missing. Throws `configuration_invalid`, also for a file that was cut short, which LMDB would map into
 * memory and die of at the first read.
 */
export function openEnvironment(directory: string, { noSync }: { noSync: boolean }): Environment {
  const damage = fileProblem(path.join(directory, 'data.mdb'))
  if (damage !== undefined) throw invalid(`lmdb: ${path.join(directory, 'data.mdb')} ${damage}`)
  try {
    makeDirectory(directory)
    if (!statSync(directory).isDirectory()) throw new Error('not a directory')
    const file = path.join(directory, 'data.mdb')
    // LMDB fills an empty file; one that it makes itself is as readable as the umask allows.
    closeSync(openSync(file, 'a', 0o600))
    const root = open({
      path: file,
      maxDbs: 5,
      encoding: 'json',
      // Synced within the commit: with overlapping syncs, a commit that was answered was once gone after a kill.
      overlappingSync: false,
      // The batches of a turn reject a promise that nobody can handle when a commit fails.
      eventTurnBatching: false,
      noSync,
    })
    // Not made in advance like the other: closing it would give up the locks that this process may hold on it.
    chmodSync(`${file}-lock`, 0o600)
    // A process that was killed leaves its place among the readers taken, which would keep old pages alive.
    root.readerCheck()
    const environment: Environment = {
      root,
      records: root.openDB({ name: 'records', encoding: 'json' }),
      order: root.openDB({ name: 'order', encoding: 'json' }),
      deadlines: root.openDB({ name: 'deadlines', encoding: 'json' }),
      blocks: root.openDB({ name: 'blocks', encoding: 'binary' }),
      meta: root.openDB({ name: 'meta', encoding: 'json' }),
    }
    requireLayout(environment, directory)
    return environment
  } catch (cause) {
    if (cause instanceof PortcullisError) throw cause
    throw invalid(
      `lmdb: the directory ${directory} cannot be used; give one that this process may write`,
      cause,
    )
  }
}

function requireLayout({ root, records, meta }: Environment, directory: string): void {
  const layout =
    meta.get(['layout']) ??
    root.transactionSync(() => {
      const found = meta.get(['layout']) ?? (records.getKeysCount({ limit: 1 }) === 0 ? LAYOUT : 1)
      meta.putSync(['layout'], found)
      return found
    })
  if (layout === LAYOUT) return
  void root.close()
  throw invalid(`lmdb: the directory ${directory} was written by another version; give an empty one`)
}

function invalid(problem: string, cause?: unknown): PortcullisError {
  return new PortcullisError('configuration_invalid', problem, { cause, problems: [problem] })
}
