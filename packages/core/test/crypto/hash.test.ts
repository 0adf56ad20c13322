import { expect, it } from 'vitest'
import { isSameHash, recognizer, sha256 } from '../../src/crypto/hash.js'

it('the hash is SHA-256 as base64url, in which records of earlier versions were written', () => {
  expect(sha256('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
  expect(sha256('é')).toBe(sha256('\u00e9'))
  expect(sha256('')).not.toBe(sha256('\0'))
})

it('hashes are the same when each character is, and of another length never', () => {
  expect(isSameHash('abc', 'abc')).toBe(true)
  for (const other of ['abd', 'ab', 'abcd', '', 'ABC']) expect(isSameHash('abc', other)).toBe(false)
})

it('a recognizer knows its secret and nothing else, whatever length it has', () => {
  const isSecret = recognizer('a secret')
  expect(isSecret('a secret')).toBe(true)
  for (const other of ['', 'a secre', 'a secrets', 'A secret', sha256('a secret')])
    expect(isSecret(other)).toBe(false)
})
