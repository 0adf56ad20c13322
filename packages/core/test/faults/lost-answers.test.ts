import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { GateContext } from '../../src/context/context.js'
import { beginDevice } from '../../src/device/begin.js'
import { decideDevice } from '../../src/device/decide.js'
import { device } from '../../src/device/plugin.js'
import { bindContext } from '../../src/gate/bind-context.js'
import type { Gate } from '../../src/gate/gate.js'
import { resolveOptions } from '../../src/gate/resolve-options.js'
import { issueCode } from '../../src/oauth/authorization-code.js'
import { oauth } from '../../src/oauth/plugin.js'
import { redisStore } from '../../src/redis/index.js'
import { deviceOf, must, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { approvalOf, CLI, DEVICE_GRANT, type Pair, personOf } from '../oauth/oauth-fixture.js'
import type { FaultProxy } from './fault-proxy.js'
import { onStage, ROUNDS, type Stage } from './stage.js'
import { until } from './until.js'

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CALLBACK = 'http://127.0.0.1:49152/callback'
const EXCHANGES = 12

type Form = Record<string, string>

interface Played {
  readonly gate: Gate
  readonly proxy: FaultProxy
  /** What people do at their browsers, by a connection that no fault touches. */
  readonly people: GateContext
}

async function play(stage: Stage): Promise<Played> {
  const server = await stage.redis()
  const proxy = await stage.proxy(server.port)
  const { gate } = await stage.gate({ url: proxy.url })
  const store = redisStore({ url: server.url })
  stage.after(() => store.close())
  const options = { store, publicUrl: gate.publicUrl, secret: SECRET }
  const keys = [{ algorithm: 'HS256', secret: SIGNING_SECRET }] as const
  return {
    gate,
    proxy,
    people: await bindContext(resolveOptions({ ...options, keys, plugins: [oauth(), device()] })),
  }
}

async function ask(gate: Gate, form: Form): Promise<{ status: number; body: Partial<Pair> }> {
  const init = { method: 'POST', body: new URLSearchParams({ client_id: CLI, ...form }) }
  const response = await gate.handle(new Request(`${gate.publicUrl}/oauth2/token`, init))
  return { status: response.status, body: (await response.json()) as Partial<Pair> }
}

/** As a client does: the same request again for as long as the answer is 503. */
async function askUntilAnswered(gate: Gate, form: Form) {
  let unavailable = 0
  let answer = await ask(gate, form)
  await until('an answer', 8000, async () => {
    if (answer.status !== 503) return true
    unavailable += 1
    await new Promise((resolve) => setTimeout(resolve, 50))
    answer = await ask(gate, form)
    return answer.status !== 503
  })
  return { ...answer, unavailable }
}

async function approved(people: GateContext, account: string): Promise<Form> {
  const { deviceCode, userCode } = must(await beginDevice(deviceOf(people), { client: { id: CLI } }))
  const identity = await personOf(people, account)
  must(await decideDevice(deviceOf(people), { identity, userCode, decision: 'approved', scopes: ['api'] }))
  return { grant_type: DEVICE_GRANT, device_code: deviceCode }
}

const GRANTS: Record<string, (played: Played, account: string) => Promise<Form>> = {
  'a device code': ({ people }, account) => approved(people, account),
  async 'an authorization code'({ people }, account) {
    const code = await issueCode(people, {
      clientId: CLI,
      redirectUri: CALLBACK,
      codeChallenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      scopes: ['api'],
      approval: await approvalOf(people, account),
    })
    return { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER }
  },
  async 'a refresh token'({ people, gate }, account) {
    const { body } = await askUntilAnswered(gate, await approved(people, account))
    return { grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' }
  },
}

/** What happens to the answer of the commit that spends it. */
const FAULTS: Record<string, (proxy: FaultProxy, form: Form) => void> = {
  // Only the commit that spends and makes has this in its request.
  'is lost': (proxy) => proxy.inflict({ kind: 'resetAfterRequest', containing: 'turnedAt' }),
  'comes too late': (proxy) => {
    proxy.inflict({ kind: 'delay', milliseconds: 90 })
    setTimeout(() => proxy.inflict({ kind: 'pass' }), 700).unref()
  },
}

const cases = Object.keys(GRANTS).flatMap((grant) =>
  Object.keys(FAULTS).map((fault) => [grant, fault] as const),
)

describe('an exchange that Redis carried out', ROUNDS, () => {
  it.each(cases)('%s whose answer %s is given again, and no family ends', async (grant, fault) => {
    await onStage(async (stage) => {
      const played = await play(stage)
      const { gate, proxy } = played
      let unavailable = 0
      for (let exchange = 0; exchange < EXCHANGES; exchange++) {
        const form = await GRANTS[grant]?.(played, `user-${exchange}@example.com`)
        if (!form) throw new Error('no such grant')
        FAULTS[fault]?.(proxy, form)
        const answer = await askUntilAnswered(gate, form)
        proxy.inflict({ kind: 'pass' })
        unavailable += answer.unavailable
        expect(answer.status, JSON.stringify(answer.body)).toBe(200)
        const refresh = { grant_type: 'refresh_token', refresh_token: answer.body.refresh_token ?? '' }
        expect((await askUntilAnswered(gate, refresh)).status).toBe(200)
      }
      expect(unavailable).toBeGreaterThanOrEqual(EXCHANGES / 2)
      const entries = (await gate.audit.list({ limit: 200 })).items
      expect(entries.filter(({ action }) => action.endsWith('.reuse'))).toEqual([])
    })()
  })
})
