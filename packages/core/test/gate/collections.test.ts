import { readFile } from 'node:fs/promises'
import { describe, expect, it, vi } from 'vitest'
import type { GateContext } from '../../src/context/context.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { COLLECTIONS } from '../../src/gate/collections.js'
import { runJobs } from '../../src/gate/run-jobs.js'
import { storedCollectionsOf } from '../../src/plugin/plugin.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { fillingProvider, fillStore } from './filled-store.js'
import { gateFixture, TestClock } from './gate-fixture.js'
import { shippedPlugins } from './shipped-plugins.js'

const DOCS = new URL('../../../../docs/redis.md', import.meta.url)

const ACCOUNT = 'account'
const PROVIDER = 'subject or session of the identity provider'

/** The name without the number of a shard or a generation; all that a keyed hash names are told apart by their records. */
const unnumbered = (name: string) => name.replace(/-\d+$/, '')

async function runAJob(context: GateContext): Promise<void> {
  const jobs = runJobs(context, [{ plugin: 'any', name: 'job', everySeconds: 60, run: async () => {} }])
  await vi.waitFor(async () => expect((await jobs.status())[0]?.lastRun).toBeDefined(), { timeout: 10_000 })
  await jobs.close()
}

/** Each collection that a gate has written to that has done everything, by partition. */
async function writtenTo(): Promise<Map<string, Set<string>>> {
  const clock = new TestClock()
  const memory = memoryStore({ clock: clock.read })
  const written = new Map<string, Set<string>>()
  const store: Store = {
    ...memory,
    commit(partition, batch) {
      const place = /^[\w-]{22}$/.test(partition) ? 'hashed' : unnumbered(partition)
      const names = written.get(place) ?? new Set()
      for (const write of batch.writes) {
        const key = 'put' in write ? write.put : 'add' in write ? write.add : write.delete
        names.add(unnumbered(key.collection))
      }
      written.set(place, names)
      return memory.commit(partition, batch)
    },
  }
  const options = {
    store,
    clock: clock.read,
    identityProvider: fillingProvider,
    auditRetentionDays: 30,
    plugins: shippedPlugins(),
  }
  const { context } = await gateFixture(options)
  await fillStore(context, clock)
  await runAJob(context)
  await context.pruning.close()
  return written
}

/** Where the documentation has places of plugins whose names a keyed hash hides. */
const HASHED: Readonly<Record<string, string>> = {
  'provider-subject': PROVIDER,
  'provider-session': PROVIDER,
}

/** Those of core, and those that the plugins that core ships with declare: where they say, else in accounts. */
function allCollections(): Readonly<Record<string, readonly { readonly name: string }[]>> {
  const table = new Map(Object.entries(COLLECTIONS).map(([place, all]) => [place, new Set(all.map(nameOf))]))
  for (const plugin of [...shippedPlugins(), externalTokens([])])
    for (const { name, in: places = [ACCOUNT] } of storedCollectionsOf(plugin).values())
      for (const place of places.map((one) => HASHED[one] ?? one))
        table.set(place, (table.get(place) ?? new Set()).add(name))
  return Object.fromEntries([...table].map(([place, all]) => [place, [...all].map((name) => ({ name }))]))
}

const nameOf = ({ name }: { readonly name: string }) => name
const TABLE = allCollections()
const namesOf = (place: string) =>
  (Object.entries(TABLE).find(([name]) => name === place)?.[1] ?? []).map(({ name }) => unnumbered(name))

describe('the list of collections', () => {
  it('names every one that a gate writes to, and no other', async () => {
    const written = await writtenTo()
    const hashed = new Set([...namesOf(ACCOUNT), ...namesOf(PROVIDER)])
    expect([...(written.get('hashed') ?? [])].sort()).toEqual([...hashed].sort())
    written.delete('hashed')
    const others = Object.keys(TABLE).filter((place) => place !== ACCOUNT && place !== PROVIDER)
    expect([...written.keys()].sort()).toEqual(others.sort())
    for (const place of others) expect([...(written.get(place) ?? [])].sort()).toEqual(namesOf(place).sort())
  })

  it('is the table of the documentation', async () => {
    const rows = (await readFile(DOCS, 'utf8')).split('\n').filter((line) => line.startsWith('| '))
    for (const [place, collections] of Object.entries(TABLE)) {
      const row = rows.find(
        (line) =>
          line.startsWith(`| \`${place}`) ||
          line.startsWith(`| of ${place.startsWith('s') ? 'a' : 'an'} ${place}`),
      )
      for (const { name } of collections)
        expect(row, place).toContain(`\`${name.replace(/-0$/, '-GENERATION')}\``)
    }
  })
})
