import { createServer, type IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import type { Admission } from '../../src/admission/admission.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { createForwarder } from '../../src/proxy/forwarder.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { ANNA, afterwards, call, codeOf, listen, startUpstream } from '../proxy/harness.js'

const open = (...plugins: readonly Plugin[]) =>
  createGate({
    store: memoryStore(),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    plugins,
  })

const withAdmission = (name: string, ...admissions: readonly Admission[]): Plugin => ({
  name,
  start: () => ({ admissions }),
})

it('admissions of plugins are asked in the order of the list, before those of the forwarder, until one refuses', async () => {
  const asked: string[] = []
  const noting = (name: string, refuses = false): Admission => ({
    name,
    admit({ path }) {
      asked.push(name)
      if (!refuses || path !== '/refused') return undefined
      return { refuse: { status: 429, code: 'too_much', detail: 'Wait.' } }
    },
  })
  const gate = await open(
    withAdmission('first', noting('a'), noting('b')),
    withAdmission('second', noting('c', true)),
  )
  afterwards(() => gate.close())
  const upstream = await startUpstream()
  const forwarder = createForwarder(gate, { upstream: { url: upstream.url }, admissions: [noting('own')] })
  afterwards(() => forwarder.close())
  const port = await listen(
    createServer((req: IncomingMessage, res) => void forwarder.forward(req, res, ANNA)),
  )
  expect(codeOf(await call(port, { path: '/refused' }))).toBe('too_much')
  expect(asked.splice(0)).toEqual(['a', 'b', 'c'])
  expect(upstream.received).toEqual([])
  expect((await call(port, { path: '/a' })).status).toBe(200)
  expect(asked).toEqual(['a', 'b', 'c', 'own'])
})

it('what is no admission stops the start and names its plugin', async () => {
  await expect(open(withAdmission('first', { name: 'a' } as never))).rejects.toMatchObject({
    code: 'configuration_invalid',
    problems: ['first: an admission has a name and the method admit'],
  })
})
