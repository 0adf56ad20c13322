/** Where a page ended: sort and id of its last record. */
export interface Place {
  readonly sort: number
  readonly id: string
}

export function writeCursor({ sort, id }: Place): string {
  return Buffer.from(JSON.stringify([sort, id])).toString('base64url')
}

/** Throws `RangeError` for what is no cursor of ours. */
export function readCursor(cursor: string): Place {
  try {
    const [sort, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (typeof sort === 'number' && typeof id === 'string') return { sort, id }
  } catch {}
  throw new RangeError('not a cursor of this store')
}

/** Throws `RangeError` unless a page may be this long. */
export function requireLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new RangeError('limit must be from 1 to 1000')
}
