import type { Deps } from '../deps.js'
import type { PageQuery, StoredRecord } from '../store/store.js'

/** Every live record of a collection, newest sort first, read a page at a time. For one account's records. */
export async function* walk(
  deps: Deps,
  partition: string,
  collection: string,
  order: NonNullable<PageQuery['order']> = 'descending',
): AsyncGenerator<StoredRecord> {
  let cursor: string | undefined
  do {
    const page = await deps.store.page(partition, collection, {
      limit: 200,
      order,
      ...(cursor === undefined ? {} : { cursor }),
    })
    yield* page.records
    cursor = page.nextCursor
  } while (cursor !== undefined)
}
