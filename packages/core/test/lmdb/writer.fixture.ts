import { lmdbStore } from '../../src/lmdb/index.js'

const [directory = '', mode = 'serve'] = process.argv.slice(2)
const store = lmdbStore({ path: directory })
const key = (id: string) => ({ collection: 'c', id })

/** Commits for ever and says of each commit that it was acknowledged. */
async function writeForEver(): Promise<void> {
  for (let index = 0; ; index++) {
    const id = `${process.pid}-${index}`
    await store.commit('p', {
      writes: [
        { put: key(id), value: index },
        { add: { collection: 'sum', id: 'sum' }, amount: 1 },
      ],
    })
    process.stdout.write(`${id}\n`)
  }
}

/** Answers each line `put ID` and `get ID` with a line. */
async function serve(): Promise<void> {
  process.stdout.write('ready\n')
  process.stdin.setEncoding('utf8')
  for await (const chunk of process.stdin)
    for (const line of String(chunk).split('\n').filter(Boolean)) {
      const [verb, id = ''] = line.split(' ')
      if (verb === 'put') await store.commit('p', { writes: [{ put: key(id), value: true }] })
      const [record] = verb === 'get' ? await store.read('p', [key(id)]) : []
      process.stdout.write(`${verb === 'put' ? 'done' : record ? 'there' : 'absent'}\n`)
    }
  await store.close()
}

await (mode === 'write' ? writeForEver() : serve())
