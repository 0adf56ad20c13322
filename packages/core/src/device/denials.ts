import { type DenialDetails, denialsOf } from '../errors/denial.js'
import type { DenialText } from '../errors/denials.js'
import type { Outcome } from '../errors/outcome.js'

export const DEVICE_DENIALS = {
  device_denied: {
    status: 403,
    title: 'Denied',
    detail: 'The person who was asked has denied it.',
    oauthError: 'access_denied',
  },
  code_unknown: {
    status: 404,
    title: 'Unknown code',
    detail: 'No program waits with this code. It may have expired; start again there.',
  },
  too_many_devices: {
    status: 503,
    title: 'Too many devices waiting',
    detail: 'As many devices wait for approval as may wait at once. Try again in a few minutes.',
    oauthError: 'temporarily_unavailable',
  },
  too_many_guesses: {
    status: 429,
    title: 'Too many wrong codes',
    detail: 'Wait ten minutes, then start again on the device.',
  },
} as const satisfies Record<string, DenialText>

const deviceDenial = denialsOf(DEVICE_DENIALS)

export function refusedDevice(code: keyof typeof DEVICE_DENIALS, more: DenialDetails = {}): Outcome<never> {
  return { ok: false, denial: deviceDenial(code, more) }
}
