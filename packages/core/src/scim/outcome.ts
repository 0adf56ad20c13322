import type { Denial } from '../errors/denial.js'

/** RFC 7644 §3.12, table 9: those that are used. */
export type ScimType =
  | 'invalidFilter'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'

/** Why the directory's request was refused, in the terms of RFC 7644 §3.12. */
export interface ScimRefusal {
  readonly status: number
  readonly scimType?: ScimType
  readonly detail: string
}

export type ScimOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: ScimRefusal }

export function fine<T>(value: T): ScimOutcome<T> {
  return { ok: true, value }
}

/** A 400, but for `uniqueness`, which is a 409. */
export function refuseScim(scimType: ScimType, detail: string): ScimOutcome<never> {
  return { ok: false, refusal: { status: scimType === 'uniqueness' ? 409 : 400, scimType, detail } }
}

export const NO_SUCH_USER: ScimOutcome<never> = {
  ok: false,
  refusal: { status: 404, detail: 'There is no such user.' },
}

export const NO_SUCH_RESOURCE: ScimRefusal = { status: 404, detail: 'There is nothing of this name.' }

export function refusedBy({ status, detail }: Denial): ScimOutcome<never> {
  return { ok: false, refusal: { status, detail } }
}

export const NOT_UNIQUE = refuseScim('uniqueness', 'Another user has this userName or e-mail address.')
