import { randomInt } from 'node:crypto'
import { sha256 } from '../crypto/hash.js'
import type { PluginContext } from '../plugin/context.js'
import type { Millis } from '../store/store.js'

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

/**
 * What the program asks with. It says itself when it is over, so that the program can be told so when nothing is stored
 * of it any more.
 */
export function newDeviceCode({ randomId }: Pick<PluginContext, 'randomId'>, endsAt: Millis): string {
  return `${randomId(32)}.${endsAt.toString(36)}`
}

/** When a device code says that it is over; nothing but that follows from it. */
export function endOfDeviceCode(code: string): Millis | undefined {
  const [, end] = /^[\w-]{43}\.([\da-z]{1,10})$/.exec(code) ?? []
  return end === undefined ? undefined : Number.parseInt(end, 36)
}

/** Only this is stored of a device code. */
export function hashDeviceCode(code: string): string {
  return sha256(code)
}
