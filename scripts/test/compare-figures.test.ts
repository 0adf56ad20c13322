import { expect, it } from 'vitest'
import { whatGotSlower } from '../bench/compare.mjs'

const ratio = { what: 'forwarder', against: 'http-proxy', unit: 'of its requests a second', atLeast: 1 }
const memory = { what: 'memory', against: '–', unit: 'bytes', atMost: 600 }
const delay = { what: 'revocation', against: '–', unit: 'ms' }

it('a figure that got worse by a tenth is named, whichever way is worse', () => {
  const published = [
    { ...ratio, value: 1.4 },
    { ...memory, value: 500 },
    { ...delay, value: 2 },
  ]
  const now = [
    { ...ratio, value: 1.1 },
    { ...memory, value: 600 },
    { ...delay, value: 3 },
  ]
  expect(whatGotSlower(now, published)).toEqual([
    'forwarder: 1.4 then, 1.1 now (of its requests a second), worse by 21 %',
    'memory: 500 then, 600 now (bytes), worse by 20 %',
    'revocation: 2 then, 3 now (ms), worse by 50 %',
  ])
})

it('what got better, moved a little, is new, or is counted in another unit is not', () => {
  const published = [
    { ...ratio, value: 1 },
    { ...memory, value: 500 },
    { ...delay, value: 2 },
  ]
  const now = [
    { ...ratio, value: 2 },
    { ...memory, value: 520 },
    { ...delay, unit: 's', value: 9 },
    { ...delay, what: 'new', value: 1 },
  ]
  expect(whatGotSlower(now, published)).toEqual([])
})
