import { expect, it } from 'vitest'
import { mostPowerful, ROLES } from '../../src/authorization/roles.js'

it('of several roles the most powerful counts, in whichever order they come', () => {
  const byPower = ['viewer', 'customer', 'team', 'user', 'admin', 'super_admin'] as const
  expect([...byPower].sort()).toEqual([...ROLES].sort())
  for (const [at, role] of byPower.entries()) {
    const upTo = byPower.slice(0, at + 1)
    expect([mostPowerful(upTo), mostPowerful([...upTo].reverse())]).toEqual([role, role])
  }
  expect([mostPowerful([]), mostPowerful([undefined])]).toEqual([undefined, undefined])
})
