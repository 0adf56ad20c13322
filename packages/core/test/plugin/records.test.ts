import { describe, expect, it, vi } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { listAudit } from '../../src/audit/list.js'
import type { GateContext } from '../../src/context/context.js'
import { denial } from '../../src/errors/denial.js'
import { done } from '../../src/errors/outcome.js'
import type { PluginContext } from '../../src/plugin/context.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Batch, StoredRecord } from '../../src/store/store.js'
import { RACED } from '../../src/store/update.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import {
  actingAs,
  contextOfPlugin,
  type GateFixture,
  gateFixture,
  must,
  PROGRAM,
  refusalOf,
  TestClock,
} from '../gate/gate-fixture.js'

const account = 'ann@example.com'
const by = actingAs('ann@example.com')

const passes: Plugin = {
  name: 'passes',
  collections: {
    passes: 'old-passes',
    uses: 'pass-uses',
    holders: { name: 'holders', in: ['pass-holders'] },
  },
  auditActions: { 'pass.issue': 'ordinary' },
  gateActions: ['token.revoke'],
  actsAs: 'pass-office',
  sealingContexts: ['old-pass'],
  start: () => ({}),
}

interface PassesFixture extends GateFixture {
  readonly ofPlugin: PluginContext
  readonly batches: readonly Batch[]
}

async function fixture(): Promise<PassesFixture> {
  const clock = new TestClock()
  const memory = memoryStore({ clock: clock.read })
  const batches: Batch[] = []
  const store: typeof memory = {
    ...memory,
    commit(partition, batch) {
      batches.push(batch)
      return memory.commit(partition, batch)
    },
  }
  const made = await gateFixture({ store, clock: clock.read, plugins: [passes] })
  return { ...made, clock, batches, ofPlugin: contextOfPlugin(made.context, passes) }
}

const key = (id: string, collection = 'passes') => ({ collection, id })
const put = (id: string) => ({ put: key(id), value: 1 })
const ban = (context: GateContext) => banAccount(context, { account, by: PROGRAM })

describe('several records of a plugin in one commit', () => {
  it('are written together or not at all', async () => {
    const { ofPlugin } = await fixture()
    const records = ofPlugin.records({ account })
    const writes = [put('a'), { add: key('n', 'uses'), amount: 1, atMost: 1 }]
    expect((await records.commit({ writes })).committed).toBe(true)
    const refused = await records.commit({ writes: [put('b'), ...writes.slice(1)] })
    expect(refused).toEqual({ committed: false, refusedBy: 'limit', index: 1 })
    expect(await records.read([key('b')])).toEqual([undefined])
    expect(await records.count('passes')).toBe(1)
  })

  it('of which one has changed meanwhile leave everything as it is', async () => {
    const { ofPlugin } = await fixture()
    const records = ofPlugin.records({ account })
    const first = { checks: [{ key: key('a'), version: null }], writes: [put('a'), put('b')] }
    await records.commit(first)
    expect(await records.commit({ ...first, writes: [put('c')] })).toMatchObject({ refusedBy: 'check' })
    const walked: StoredRecord[] = []
    for await (const one of records.walk('passes')) walked.push(one)
    expect(walked.map(({ id }) => id).sort()).toEqual(['a', 'b'])
  })

  it('that revoke something are taken by a full store and wait for replicas', async () => {
    const { ofPlugin, batches } = await fixture()
    await ofPlugin.records({ account }).commit({ isRevocation: true, writes: [{ delete: key('a') }] })
    expect(batches.at(-1)).toMatchObject({ confirm: true, essential: true })
  })

  it('are those of the plugin alone, under the names that the store has had before', async () => {
    const { ofPlugin, store, context } = await fixture()
    await ofPlugin.records({ account }).commit({ writes: [put('a')] })
    const stored = { collection: 'old-passes', id: 'a' }
    expect((await store.read(context.partitionOf(account), [stored]))[0]?.value).toBe(1)
    const records = ofPlugin.records({ account })
    for (const collection of ['standing', 'tokens', 'old-passes', 'holders'])
      for (const attempt of [
        () => records.read([key('a', collection)]),
        () => records.page(collection, { limit: 1 }),
        () => records.count(collection),
        () => records.commit({ writes: [{ delete: key('a', collection) }] }),
        () => records.commit({ writes: [{ add: key('a', collection), amount: 1 }] }),
        () => records.commit({ checks: [{ key: key('a', collection), version: null }], writes: [] }),
        () => records.readUnderStanding([key('a', collection)]),
        () => records.commitUnderStanding({ writes: () => [{ put: key('a', collection), value: 1 }] }),
      ])
        await expect(attempt(), collection).rejects.toThrow(TypeError)
  })
})

describe('what a decision reads', () => {
  it('is changed so that every process hears of it', async () => {
    const { ofPlugin, context, batches } = await fixture()
    context.decisive.add('old-passes')
    const quiet = ofPlugin.records({ account, isQuiet: true })
    await expect(quiet.commit({ writes: [put('a')] })).rejects.toThrow('so no change of it is quiet')
    expect(() => ofPlugin.lastUses('passes')).toThrow(TypeError)
    await ofPlugin.records({ account }).commit({ writes: [put('a')] })
    expect(batches.at(-1)?.quiet).not.toBe(true)
    await quiet.commit({ writes: [{ put: key('a', 'uses'), value: 1 }] })
    expect(batches.at(-1)?.quiet).toBe(true)
  })
})

describe('when credentials were last used', () => {
  it('is written at most once a minute for each', async () => {
    const { ofPlugin, context, clock, batches } = await fixture()
    const uses = ofPlugin.lastUses('uses')
    const partition = context.partitionOf(account)
    const began = batches.length
    const note = (id: string) => uses.note({ partition, id, expiresAt: clock.now + 3_600_000 })
    const first = clock.now
    const known = () => uses.of(account, ['a', 'b', 'c'])
    for (const id of ['a', 'a', 'b']) note(id)
    await vi.waitFor(async () => expect(await known()).toEqual([first, first, undefined]))
    expect(batches).toHaveLength(began + 2)
    clock.advance(60_000)
    note('a')
    await vi.waitFor(async () => expect(await known()).toEqual([clock.now, first, undefined]))
    expect(batches).toHaveLength(began + 3)
  })
})

describe('a place of a plugin', () => {
  it('keeps what is there apart from the records of accounts, each thing for itself', async () => {
    const { ofPlugin, store, context } = await fixture()
    const of = (subject: string) =>
      ofPlugin.records({ place: 'pass-holders', of: ['https://idp.test', subject] })
    await of('ann').commit({ writes: [{ put: key('a', 'holders'), value: account }] })
    expect(await of('bob').read([key('a', 'holders')])).toEqual([undefined])
    const partition = context.partitionOf('pass-holders\0https://idp.test\0ann')
    expect((await store.read(partition, [key('a', 'holders')]))[0]?.value).toBe(account)
    await expect(of('ann').read([key('a')])).rejects.toThrow('passes is not kept in pass-holders')
    expect(() => ofPlugin.records({ place: 'audit' })).toThrow('audit is not one of its places')
    expect(() => ofPlugin.records({ place: 'another' })).toThrow(TypeError)
  })

  it('has no standing', async () => {
    const { ofPlugin } = await fixture()
    const records = ofPlugin.records({ place: 'pass-holders' }) as ReturnType<typeof ofPlugin.records> & {
      commitUnderStanding?: (batch: object) => Promise<unknown>
    }
    await expect(records.commitUnderStanding?.({ writes: () => [] })).rejects.toThrow(TypeError)
  })
})

describe('a commit under the standing', () => {
  it('is refused to a banned account, whatever the plugin says', async () => {
    const { ofPlugin, context } = await fixture()
    must(await ban(context))
    const records = ofPlugin.records({ account })
    const committed = await records.commitUnderStanding({ writes: () => [put('a')], refuse: () => undefined })
    expect(committed !== RACED && refusalOf(committed)).toBe('account_banned')
    expect(await records.read([key('a')])).toEqual([undefined])
  })

  it('loses against a ban that comes while it is decided', async () => {
    const { ofPlugin, context, store } = await fixture()
    const records = ofPlugin.records({ account })
    const read = store.read
    let isFirst = true
    const raced = await contextOfPlugin(
      {
        ...context,
        store: {
          ...context.store,
          async read(...input) {
            const answer = await read(...input)
            if (isFirst) {
              isFirst = false
              must(await ban(context))
            }
            return answer
          },
        },
      },
      passes,
    )
      .records({ account })
      .commitUnderStanding({ writes: () => [put('a')] })
    expect(raced !== RACED && refusalOf(raced)).toBe('account_banned')
    expect(await records.read([key('a')])).toEqual([undefined])
  })

  it('holds a cap under any concurrency: who was slower reads again', async () => {
    const { ofPlugin } = await fixture()
    const records = ofPlugin.records({ account })
    const MOST = 3
    const issue = (id: string) =>
      ofPlugin.optimistically('passes changed too often', async () => {
        const [last] = await records.read([key('last', 'uses')])
        const { records: held } = await records.page('passes', { limit: 100 })
        return records.commitUnderStanding({
          checks: [{ key: key('last', 'uses'), version: last?.version ?? null }],
          refuse: () => (held.length >= MOST ? denial('rate_limited') : undefined),
          writes: () => [{ put: key('last', 'uses'), value: 1 }, put(id)],
        })
      })
    const all = await Promise.all(Array.from({ length: 10 }, (_, at) => issue(`p${at}`)))
    expect(all.filter(({ ok }) => ok)).toHaveLength(MOST)
    expect(await records.count('passes')).toBe(MOST)
  })

  it('has the judge say what became of what was issued under it', async () => {
    const { ofPlugin, context, clock } = await fixture()
    const records = ofPlugin.records({ account })
    const { tokenGeneration } = (await records.readUnderStanding([])).standing
    const issued = { issuedAt: clock.now, tokenGeneration }
    const codes = { absent: 'token_invalid', ended: 'token_revoked' } as const
    const fate = async () => (await records.readUnderStanding([])).standing.refuse(issued, codes)?.code
    expect(await fate()).toBeUndefined()
    must(await ban(context))
    expect(await fate()).toBe('account_banned')
    must(await unbanAccount(context, { account, by: PROGRAM }))
    must(await revokeAllTokens(context, { account, by: PROGRAM }))
    expect(await fate()).toBe('token_revoked')
  })
})

describe('a request that is sent twice', () => {
  const request = { account, by, idempotencyKey: 'k', action: 'pass.issue', wish: ['gold'] } as const

  async function issueOnce(ofPlugin: PluginContext, wish: readonly string[] = request.wish) {
    return ofPlugin.optimistically('passes changed too often', async () => {
      const once = ofPlugin.once({ ...request, wish })
      const before = await once.find()
      if (before) return before
      const committed = await ofPlugin.records({ account }).commitUnderStanding({
        writes: () => [put(once.createdId)],
        once: { of: once, created: once.createdId },
      })
      return committed === RACED ? RACED : committed.ok ? done(once.createdId) : committed
    })
  }

  it('creates one, of any number at once', async () => {
    const { ofPlugin } = await fixture()
    const all = await Promise.all(Array.from({ length: 8 }, () => issueOnce(ofPlugin)))
    expect(new Set(all.map(must)).size).toBe(1)
    expect(await ofPlugin.records({ account }).count('passes')).toBe(1)
    expect(refusalOf(await issueOnce(ofPlugin, ['silver']))).toBe('idempotency_key_reused')
  })

  it('is kept for its own account alone', async () => {
    const { ofPlugin } = await fixture()
    const other = ofPlugin.records({ account: 'bob@example.com' })
    const once = { of: ofPlugin.once(request), created: 1 }
    await expect(other.commit({ writes: [put('a')], once })).rejects.toThrow('for this account')
    expect(() => ofPlugin.once({ ...request, action: 'account.ban' })).toThrow(TypeError)
  })
})

describe('a deed that a plugin audits', () => {
  it('is recorded before it is done, and again when it was refused or threw', async () => {
    const { ofPlugin, context } = await fixture()
    const deed = { action: 'pass.issue', by: ofPlugin.actor, subject: account, details: { id: 'a' } } as const
    const newest = async () => (await listAudit(context, { limit: 1 })).items[0]
    await ofPlugin.audited(deed, async () => {
      expect(await newest()).toMatchObject({ action: 'pass.issue', actor: 'pass-office' })
      return done(undefined)
    })
    expect(await newest()).not.toHaveProperty('outcome')
    const refusal = { ok: false, denial: denial('rate_limited') } as const
    expect(await ofPlugin.audited(deed, async () => refusal)).toBe(refusal)
    expect(await newest()).toMatchObject({ outcome: 'failed', details: { id: 'a' } })
    const failure = new Error('unreachable')
    await expect(ofPlugin.audited(deed, () => Promise.reject(failure))).rejects.toBe(failure)
    await context.auditQueue.close()
    expect(await newest()).toMatchObject({ outcome: 'unknown' })
  })

  it('is one of those that the plugin has declared, its own or the gate’s', async () => {
    const { ofPlugin, context } = await fixture()
    const isDone: string[] = []
    const audit = (action: 'token.revoke' | 'account.ban') =>
      ofPlugin.audited({ action, by, subject: account }, async () => done(isDone.push(action)))
    must(await audit('token.revoke'))
    await expect(audit('account.ban')).rejects.toThrow('account.ban is not one of its audit actions')
    expect(isDone).toEqual(['token.revoke'])
    expect((await listAudit(context, { limit: 10 })).items.map(({ action }) => action)).toEqual([
      'token.revoke',
    ])
  })

  it('may be done by an operation of the gate, under the name of the plugin: no copy of that has it', async () => {
    const { ofPlugin, context } = await fixture()
    must(await ofPlugin.operations.standing.signOutEverywhere({ account, by: ofPlugin.self }))
    expect((await listAudit(context, { limit: 1 })).items[0]?.actor).toBe('pass-office')
    must(await ofPlugin.operations.standing.signOutEverywhere({ account, by: { ...ofPlugin.self } }))
    expect((await listAudit(context, { limit: 1 })).items[0]?.actor).toBe('service:pass-office')
  })
})

describe('what a plugin seals', () => {
  it('opens for it alone, but for the contexts that are older than it is', async () => {
    const { ofPlugin, context } = await fixture()
    const own = ofPlugin.sealer.seal('pass:a', 1)
    expect(ofPlugin.sealer.open('pass:a', own)).toBe(1)
    expect(context.sealer.open('pass:a', own)).toBeUndefined()
    expect(context.sealer.open('old-pass:a', ofPlugin.sealer.seal('old-pass:a', 1))).toBe(1)
    expect(context.sealer.open('old-passes', ofPlugin.sealer.seal('old-passes', 1))).toBeUndefined()
  })
})

describe('an operation of a plugin', () => {
  it('takes an account in any spelling and names everything that is wrong', async () => {
    const { ofPlugin } = await fixture()
    interface Input {
      readonly account: string
      readonly id: string
      readonly by: { readonly service: string }
    }
    const operation = ofPlugin.operation<Input, string>(
      { account: 'any', by: 'required', takes: ['id'] },
      async ({ account: whose, by: { account: who }, id }) => done(`${who} ${whose} ${id}`),
    )
    const service = { service: 'test' }
    expect(must(await operation({ account: 'Ann@Example.com', id: 'a', by: service }))).toBe(
      'service:test ann@example.com a',
    )
    const wrong = await operation({ account: 'nobody', idd: 'a', by: 'me' } as never)
    expect(wrong).toMatchObject({ denial: { code: 'input_invalid' } })
    for (const member of ['account:', 'id: required', 'idd:', 'by:'])
      expect(!wrong.ok && wrong.denial.detail).toContain(member)
  })
})
