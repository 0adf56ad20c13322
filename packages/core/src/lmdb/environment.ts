import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import path from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { PortcullisError } from '../errors.js'
import type { StoredRecord } from '../store/store.js'
import type { DeadlinePlace, OrderPlace, RecordPlace, SizePlace } from './layout.js'

export interface Environment {
  readonly root: RootDatabase
  readonly records: Database<StoredRecord, RecordPlace & string[]>
  readonly order: Database<true, OrderPlace & (string | number)[]>
  readonly deadlines: Database<number, DeadlinePlace & (string | number)[]>
  readonly sizes: Database<number, SizePlace & string[]>
}

/**
 * Opens, or makes, the environment: files that only their owner can read, in a directory that only its owner can enter
 * if it was missing. Throws `configuration_invalid`.
 */
export function openEnvironment(directory: string, { noSync }: { noSync: boolean }): Environment {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (!statSync(directory).isDirectory()) throw new Error('not a directory')
    const file = path.join(directory, 'data.mdb')
    // LMDB fills an empty file; one that it makes itself is as readable as the umask allows.
    closeSync(openSync(file, 'a', 0o600))
    const root = open({
      path: file,
      maxDbs: 4,
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
    return {
      root,
      records: root.openDB({ name: 'records', encoding: 'json' }),
      order: root.openDB({ name: 'order', encoding: 'json' }),
      deadlines: root.openDB({ name: 'deadlines', encoding: 'json' }),
      sizes: root.openDB({ name: 'sizes', encoding: 'json' }),
    }
  } catch (cause) {
    const problem = `lmdb: the directory ${directory} cannot be used; give one that this process may write`
    throw new PortcullisError('configuration_invalid', problem, { cause, problems: [problem] })
  }
}
