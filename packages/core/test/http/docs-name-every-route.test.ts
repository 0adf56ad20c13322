import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { nameOfAccess, type Route } from '../../src/http/route.js'
import { ROUTES } from './every-route.js'

const PAGE = readFileSync(new URL('../../../../docs/http-api.md', import.meta.url), 'utf8')

/** The table of routes as lines `METHOD /path: access`. A span without a path adds its method to the next. */
function documented(): string[] {
  const table = PAGE.slice(PAGE.indexOf('## Routes'), PAGE.indexOf('## Errors'))
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  return rows.flatMap((row) => {
    const [, cell = '', access = ''] = row.split(/(?<!\\)\|/).map((text) => text.trim())
    const lines: string[] = []
    let methods: string[] = []
    let isComplete = false
    for (const [, span = ''] of cell.matchAll(/`([^`]+)`/g)) {
      const [, method, target] = /^([A-Z]+)?\s*(\/\S*)?$/.exec(span) ?? []
      if (method) methods = isComplete ? [method] : [...methods, method]
      isComplete = target !== undefined
      const path = target?.split('?', 1)[0]
      if (path) lines.push(...methods.map((each) => `${each} ${path}: ${access}`))
    }
    return lines
  })
}

function accessOf({ path, access, clients }: Route): string {
  if (path === '/oauth2/backchannel-logout') return 'the provider’s logout token'
  if (clients) return clients === 'client' ? 'client' : 'confidential client, or admin'
  return nameOfAccess(access).replace('_', ' ')
}

it('the table of the docs is that of the gate: every route, with who may call it, and no other', () => {
  const served = ROUTES.map((route) => `${route.method} ${route.path}: ${accessOf(route)}`)
  expect(documented().sort()).toEqual(served.sort())
})
