import { expect, it } from 'vitest'
import type { Plugin, Started } from '../../src/plugin/plugin.js'
import { httpFixture } from '../http/http-fixture.js'
import { gateFixture } from './gate-fixture.js'

const plugin = (name: string, started: Started): Plugin => ({ name, start: () => started })
const gauge = (name: string, read: () => number | Promise<number>) =>
  ({ name, help: 'Test', type: 'gauge', read }) as const

it('two plugins that claim one metric stop the start', async () => {
  const plugins = ['one', 'two'].map((name) => plugin(name, { metrics: [gauge('a', () => 1)] }))
  await expect(gateFixture({ plugins })).rejects.toMatchObject({
    code: 'configuration_invalid',
    problems: ['plugins: two and one both claim the metric a'],
  })
})

it('a metric that throws or hangs is left out and reported, and the others are told', async () => {
  const metrics = [
    gauge('sound', () => 5),
    gauge('hanging', () => new Promise(() => {})),
    gauge('failing', () => Promise.reject(new Error('no'))),
  ]
  const { plugins, events } = await gateFixture({ plugins: [plugin('one', { metrics })] })
  expect(await plugins.metrics()).toEqual([{ name: 'sound', help: 'Test', type: 'gauge', value: 5 }])
  expect(events.filter(({ code }) => code === 'metric_failed')).toHaveLength(2)
})

it.each<[string, () => boolean | Promise<boolean>, number]>([
  ['is well', () => true, 200],
  ['says that it is not', () => false, 503],
  ['fails to say', () => Promise.reject(new Error('no')), 503],
  ['does not say in time', () => new Promise(() => {}), 503],
])('a plugin that %s is heard of in /ready, and asked once a second', async (_, health, status) => {
  let asked = 0
  const counted = () => {
    asked += 1
    return health()
  }
  const { call } = await httpFixture({ plugins: [plugin('one', { health: counted })] })
  const responses = await Promise.all(Array.from({ length: 20 }, () => call('GET', '/ready')))
  expect(responses.map((response) => response.status)).toEqual(Array(20).fill(status))
  expect(await responses[0]?.json()).toMatchObject({ plugins: { one: status === 200 } })
  expect(asked).toBe(1)
})

it.each([
  [{ name: 'x y' }],
  [{ everySeconds: 0 }],
  [{ everySeconds: Number.NaN }],
  [{ deadlineSeconds: 4000 }],
])('a job with %j stops the start', async (wrong) => {
  const job = { name: 'sweep', everySeconds: 60, run: async () => {}, ...wrong }
  await expect(gateFixture({ plugins: [plugin('one', { jobs: [job] })] })).rejects.toMatchObject({
    code: 'configuration_invalid',
  })
})
