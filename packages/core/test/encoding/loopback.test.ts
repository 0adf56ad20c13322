import { expect, it } from 'vitest'
import { isConfidential, isLoopback } from '../../src/encoding/loopback.js'

it.each([
  ['http://localhost:8080/a', true],
  ['http://LOCALHOST', true],
  ['http://127.0.0.1', true],
  ['http://127.255.0.9', true],
  ['http://0x7f.1', true],
  ['http://2130706433', true],
  ['http://[::1]:1', true],
  ['http://[0:0:0:0:0:0:0:1]', true],
  ['https://localhost', false],
  ['ws://localhost', false],
  ['http://localhost.', false],
  ['http://localhost.example.com', false],
  ['http://a.localhost', false],
  ['http://127.0.0.1.example.com', false],
  ['http://127.0.0.1@example.com', false],
  ['http://128.0.0.1', false],
  ['http://0.0.0.0', false],
  ['http://[::]', false],
  ['http://[::ffff:127.0.0.1]', false],
  ['http://[::2]', false],
])('%s is loopback: %s', (text, expected) => {
  const url = new URL(text)
  expect(isLoopback(url)).toBe(expected)
  expect(isConfidential(url)).toBe(expected || url.protocol === 'https:')
})
