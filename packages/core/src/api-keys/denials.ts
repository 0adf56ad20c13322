import { denialsOf } from '../errors/denial.js'
import type { DenialText } from '../errors/denials.js'

export const API_KEY_DENIALS = {
  api_key_invalid: {
    status: 401,
    title: 'Invalid API key',
    detail: 'The API key is unknown, expired or revoked.',
    challengeError: 'invalid_token',
    isGuess: true,
  },
  key_not_found: {
    status: 404,
    title: 'API key not found',
    detail: 'The account has no such API key.',
  },
  too_many_keys: {
    status: 409,
    title: 'Too many API keys',
    detail: 'The account has as many API keys as it may have. Revoke one first.',
  },
} as const satisfies Record<string, DenialText>

export const keyDenial = denialsOf(API_KEY_DENIALS)
