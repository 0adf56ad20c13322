import type { PageQuery, Store, StoredRecord } from './store.js'

type Order = NonNullable<PageQuery['order']>

/** Every live record of a collection, newest sort first, read a page at a time. For one account's records. */
export async function* walk(
  { store }: { readonly store: Store },
  partition: string,
  collection: string,
  order: Order = 'descending',
): AsyncGenerator<StoredRecord> {
  for await (const records of walkPages({ store }, partition, collection, { order })) yield* records
}

/** As `walk`, a page at a time, of at most `limit` (default 200). */
export async function* walkPages(
  { store }: { readonly store: Store },
  partition: string,
  collection: string,
  { order = 'descending', limit = 200 }: { readonly order?: Order; readonly limit?: number } = {},
): AsyncGenerator<readonly StoredRecord[]> {
  let cursor: string | undefined
  do {
    const page = await store.page(partition, collection, {
      limit,
      order,
      ...(cursor === undefined ? {} : { cursor }),
    })
    yield page.records
    cursor = page.nextCursor
  } while (cursor !== undefined)
}
