import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** What LMDB writes at the beginning of both of its head pages. */
const MAGIC = 0xbeefc0de
/** Where things are in a head page of a 64-bit build: page header, then `MDB_meta`. */
const MAGIC_AT = 24
const PAGE_SIZE_AT = 48
const LAST_PAGE_AT = 144
const TRANSACTION_AT = 152
const HEAD_BYTES = 160
const PAGE_SIZES: ReadonlySet<number> = new Set([4096, 8192, 16_384, 32_768, 65_536])

/**
 * What keeps a data file of LMDB from being opened: it has been cut short, or its head is not one. Undefined when it may be
 * opened, and when it is empty or missing. What lies in between is not examined: LMDB has no checksums.
 */
export function fileProblem(file: string): string | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    // Missing, or not to be read: whoever opens it says so.
    return undefined
  }
  try {
    if (fstatSync(descriptor).size === 0) return undefined
    const first = readHead(descriptor, 0)
    if (!first || first.pageSize === undefined)
      return 'is no data file of LMDB or was damaged; restore a backup'
    const second = readHead(descriptor, first.pageSize)
    if (!second) return 'is no data file of LMDB or was damaged; restore a backup'
    const newest = second.transaction > first.transaction ? second : first
    // After the heads: another process may be adding pages at this moment.
    const { size } = fstatSync(descriptor)
    const needed = (newest.lastPage + 1n) * BigInt(first.pageSize)
    return BigInt(size) < needed
      ? `was cut short: ${size} bytes are left of ${needed} at least; restore a backup`
      : undefined
  } catch {
    // A directory, for one.
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

interface Head {
  readonly pageSize: number | undefined
  readonly lastPage: bigint
  readonly transaction: bigint
}

function readHead(descriptor: number, position: number): Head | undefined {
  const head = Buffer.alloc(HEAD_BYTES)
  if (readSync(descriptor, head, 0, HEAD_BYTES, position) < HEAD_BYTES) return undefined
  if (head.readUInt32LE(MAGIC_AT) !== MAGIC) return undefined
  const pageSize = head.readUInt32LE(PAGE_SIZE_AT)
  return {
    pageSize: PAGE_SIZES.has(pageSize) ? pageSize : undefined,
    lastPage: head.readBigUInt64LE(LAST_PAGE_AT),
    transaction: head.readBigUInt64LE(TRANSACTION_AT),
  }
}
