import type { Role } from './decision.js'

const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A viewer only reads. */
export function mayUseMethod(role: Role, method: string): boolean {
  return role !== 'viewer' || READING_METHODS.has(method)
}
