import { createHash, randomInt } from 'node:crypto'

/** Consonants that are not mistaken for each other (RFC 8628 §6.1): no words, 34 bits. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const LENGTH = 8

/** What a person types: eight letters. */
export function newUserCode(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}

/** Shown in two halves. */
export function showUserCode(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`
}

/** The code that was meant, however it was typed; undefined for what cannot be one. */
export function readUserCode(typed: string): string | undefined {
  const letters = typed.toUpperCase().replace(/[\s\p{P}]/gu, '')
  return letters.length === LENGTH && [...letters].every((letter) => LETTERS.includes(letter))
    ? letters
    : undefined
}

/** Only this is stored of a device code. */
export function hashDeviceCode(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}
