import { expect, it } from 'vitest'
import { scim } from '../../src/scim/plugin.js'
import { memoryStore } from '../../src/store/memory.js'
import { withFaults } from '../gate/gate-fixture.js'
import { httpFixture } from './http-fixture.js'

const SCIM_SECRET = 'b1vTqX8sRkM4wYzN6cJd9hLf2gPa7uEo'

it('a directory hears of a store that fails in the form of SCIM', async () => {
  const store = withFaults(memoryStore(), { read: () => Promise.reject(new Error('down')) })
  const { call } = await httpFixture({ plugins: [scim({ secret: SCIM_SECRET })], store })
  const response = await call('GET', '/scim/v2/Users/unknown', {
    headers: { authorization: `Bearer ${SCIM_SECRET}` },
  })
  expect(response.status).toBe(503)
  expect(response.headers.get('content-type')).toBe('application/scim+json')
  expect(response.headers.get('retry-after')).toBe('1')
  expect(await response.json()).toMatchObject({ status: '503' })
})
