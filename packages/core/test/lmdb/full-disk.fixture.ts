import { lmdbStore } from '../../src/lmdb/index.js'

const [directory = ''] = process.argv.slice(2)
const key = (id: number) => ({ collection: 'c', id: String(id) })

/** Fills its file system, then says on one line what the store still does. */
async function fill(): Promise<void> {
  const store = lmdbStore({ path: directory, reserveBytes: 0, durability: 'process-crash' })
  const refusals: unknown[] = []
  let written = 0
  for (let id = 0; refusals.length < 10; id++)
    try {
      await store.commit('p', { writes: [{ put: key(id), value: 'x'.repeat(3000) }] })
      written += 1
    } catch (error) {
      refusals.push((error as { code?: unknown }).code)
    }
  const counted = await store.count('p', 'c')
  const [first] = await store.read('p', [key(0)])
  await store.commit('p', { writes: [{ delete: key(1) }] })
  const left = await store.count('p', 'c')
  await store.close()
  const answer = { codes: [...new Set(refusals)], lost: written - counted, isRead: first !== undefined }
  process.stdout.write(`${JSON.stringify({ ...answer, deleted: counted - left })}\n`)
}

await fill()
