import { describe, expect, it } from 'vitest'
import { PROBLEM_CODES } from '../../src/errors/problem.js'
import { shippedPlugins } from '../gate/shipped-plugins.js'
import { httpFixture } from '../http/http-fixture.js'

describe('the type of a problem', () => {
  it('leads to a page, for every code that can be answered', async () => {
    const { call, context } = await httpFixture({ plugins: shippedPlugins() })
    const missing: string[] = []
    for (const code of [...PROBLEM_CODES, ...Object.keys(context.options.denials)]) {
      const response = await call('GET', `/.well-known/portcullis/problems/${code}`)
      const isPage = response.status === 200 && (await response.text()).includes(`<code>${code}</code>`)
      if (!isPage) missing.push(code)
    }
    expect(missing).toEqual([])
  })

  it.each(['toString', '__proto__', 'no_such_code'])('of %s is no page', async (code) => {
    const { call } = await httpFixture()
    expect((await call('GET', `/.well-known/portcullis/problems/${code}`)).status).toBe(404)
  })
})
