import { describe, expect, it } from 'vitest'
import { bindContext } from '../../src/gate/bind-context.js'
import type { Gate } from '../../src/gate/gate.js'
import { resolveOptions } from '../../src/gate/resolve-options.js'
import { redisStore } from '../../src/redis/index.js'
import { must, refusalOf, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { sessionOf } from '../http/http-fixture.js'
import type { FaultProxy } from './fault-proxy.js'
import { onStage, ROUNDS, type Stage } from './stage.js'
import { until } from './until.js'

const CREATIONS = 12
const PATHS = { tokens: '/api/token/generate', 'api-keys': '/v1/user/keys' } as const

/** A gate behind a faulty connection, one beside it that sees what has become of it, and people at their browsers. */
async function play(stage: Stage) {
  const server = await stage.redis()
  const proxy = await stage.proxy(server.port)
  const { gate } = await stage.gate({ url: proxy.url })
  const store = redisStore({ url: server.url })
  stage.after(() => store.close())
  const keys = [{ algorithm: 'HS256', secret: SIGNING_SECRET }] as const
  const beside = await bindContext(resolveOptions({ store, publicUrl: gate.publicUrl, secret: SECRET, keys }))
  return { gate, proxy, beside }
}

async function ask(gate: Gate, path: string, headers: Record<string, string>) {
  const sent = { ...headers, 'idempotency-key': '"one"', 'content-type': 'application/json' }
  const init = { method: 'POST', headers: sent, body: '{}' }
  const response = await gate.handle(new Request(gate.publicUrl + path, init))
  return { status: response.status, body: await response.text() }
}

/** What happens to the answer of the commit that creates. */
const FAULTS: Record<string, (proxy: FaultProxy) => void> = {
  // Only the commit that creates something once has this in its request.
  'is lost': (proxy) => proxy.inflict({ kind: 'resetAfterRequest', containing: 'idempotency-count' }),
  'comes too late': (proxy) => {
    proxy.inflict({ kind: 'delay', milliseconds: 90 })
    setTimeout(() => proxy.inflict({ kind: 'pass' }), 700).unref()
  },
}

const cases = (['tokens', 'api-keys'] as const).flatMap((collection) =>
  Object.keys(FAULTS).map((fault) => [collection, fault] as const),
)

describe('a creation that Redis carried out', ROUNDS, () => {
  it.each(cases)(
    'one of %s whose answer %s is answered again, and there is no second',
    async (kind, fault) => {
      await onStage(async (stage) => {
        const { gate, proxy, beside } = await play(stage)
        let unavailable = 0
        for (let creation = 0; creation < CREATIONS; creation++) {
          const account = `user-${creation}@example.com`
          const headers = await sessionOf(beside, account)
          FAULTS[fault]?.(proxy)
          let answer = await ask(gate, PATHS[kind], headers)
          await until('an answer', 8000, async () => {
            if (answer.status !== 503) return true
            unavailable += 1
            answer = await ask(gate, PATHS[kind], headers)
            return answer.status !== 503
          })
          proxy.inflict({ kind: 'pass' })
          expect(answer.status, answer.body).toBe(201)
          expect(await ask(gate, PATHS[kind], headers)).toEqual(answer)
          expect(await beside.store.count(beside.partitionOf(account), kind)).toBe(1)
        }
        expect(unavailable).toBeGreaterThanOrEqual(CREATIONS / 2)
      })()
    },
  )
})

describe('a credential that another gate has revoked', ROUNDS, () => {
  it(
    'is not answered again, though its near cache has not heard of that',
    onStage(async (stage) => {
      const server = await stage.redis()
      const proxy = await stage.proxy(server.port)
      const heartbeatMs = 1000
      const near = (await stage.gate({ url: server.url, heartbeatMs })).gate
      const far = (await stage.gate({ url: proxy.url, heartbeatMs })).gate
      const wish = { account: 'user@example.com', idempotencyKey: 'one' }
      const { token, info } = must(await far.tokens.issue(wish))
      const view = { method: 'GET', target: '/', rawHeaders: ['host', 'gate.test', 'x-api-key', token] }
      const isAllowed = async () => (await far.authenticate(view)).outcome === 'allow'
      let allowed = 0
      await until('the near cache has it', 4000, async () => {
        if (await isAllowed()) allowed += 1
        return allowed > 20
      })
      proxy.inflict({ kind: 'stall' }, 'watch')
      must(await near.tokens.revoke({ account: wish.account, id: info.id, by: { service: 'test' } }))
      expect(refusalOf(await far.tokens.issue(wish))).toBe('idempotent_result_gone')
      // Otherwise nothing was shown.
      expect(await isAllowed()).toBe(true)
    }),
  )
})
