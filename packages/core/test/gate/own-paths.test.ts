import { describe, expect, it } from 'vitest'
import { isOwnPath, NAMESPACES, SINGLE_PATHS } from '../../src/gate/own-paths.js'
import { ROUTES } from '../../src/http/table.js'

const paths = ROUTES.map(({ path }) => path)

describe('paths of the gate', () => {
  it('every route is reached: the gate owns its path', () => {
    expect(paths.filter((path) => !isOwnPath(path))).toEqual([])
  })

  it('nothing is kept from the upstream that has no route', () => {
    expect(SINGLE_PATHS.filter((single) => !paths.includes(single))).toEqual([])
    expect(NAMESPACES.filter((namespace) => !paths.some((path) => path.startsWith(namespace)))).toEqual([])
  })
})
