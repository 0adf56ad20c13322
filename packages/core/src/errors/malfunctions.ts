import type { MalfunctionCode } from './portcullis-error.js'

interface MalfunctionText {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly retryAfterSeconds?: number
}

export const MALFUNCTIONS: Readonly<Record<MalfunctionCode | 'internal_error', MalfunctionText>> = {
  store_unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    detail:
      'The store did not answer in time. Whether a change was made is not known: look before you repeat it.',
    retryAfterSeconds: 1,
  },
  provider_unavailable: {
    status: 503,
    title: 'Login temporarily unavailable',
    detail: 'The identity provider could not be reached. Try again.',
    retryAfterSeconds: 2,
  },
  provider_misconfigured: {
    status: 500,
    title: 'Login misconfigured',
    detail:
      "The gateway's configuration for its identity provider is at fault. Tell your administrator: the gateway's log says what is wrong.",
  },
  page_unavailable: {
    status: 503,
    title: 'Page temporarily unavailable',
    detail: 'The page did not come in time. Try again.',
    retryAfterSeconds: 2,
  },
  plugin_unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    detail: 'A part of the gate that has a say in this did not answer. Try again.',
    retryAfterSeconds: 2,
  },
  upstream_unavailable: {
    status: 502,
    title: 'Upstream unavailable',
    detail: 'The service behind the gate could not be reached.',
  },
  upstream_timeout: {
    status: 504,
    title: 'Upstream timeout',
    detail: 'The service behind the gate did not answer in time.',
  },
  body_already_read: {
    status: 500,
    title: 'Body already read',
    detail: 'The body was consumed before it could be forwarded. Mount the gate before any body parser.',
  },
  configuration_invalid: {
    status: 500,
    title: 'Internal error',
    detail: 'The gate is not configured for this.',
  },
  internal_error: { status: 500, title: 'Internal error', detail: 'The gate could not handle the request.' },
}

/** Problems that only forwarding has. Their codes are part of the contract like all others. */
export const FORWARDING_PROBLEMS = {
  upgrade_refused: {
    code: 'upgrade_refused',
    status: 501,
    title: 'Upgrade refused',
    detail: 'The gate forwards no WebSocket here; offers of other protocols it ignores.',
  },
  upstream_refused: {
    code: 'upstream_refused',
    status: 502,
    title: 'Upstream refused the gate',
    detail:
      'Your credential is fine; the service behind the gate refused the gate itself. Ask an administrator.',
  },
  access_withdrawn: {
    code: 'access_withdrawn',
    status: 403,
    title: 'Access withdrawn',
    detail: 'The access of this account or credential ended while the request was running.',
  },
  admission_unavailable: {
    code: 'admission_unavailable',
    status: 503,
    title: 'Temporarily unavailable',
    detail: 'The gate could not decide about the request. It was not forwarded.',
    retryAfterSeconds: 1,
  },
  body_ambiguous: {
    code: 'body_ambiguous',
    status: 400,
    title: 'Ambiguous body',
    detail:
      'The body is no JSON object, or has a member twice, also in another case of letters, by which the gate decides.',
  },
} as const satisfies Record<string, MalfunctionText & { code: string }>
