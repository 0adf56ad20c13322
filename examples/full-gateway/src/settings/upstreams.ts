import type { SettingName } from './fields.js'
import type { Values } from './values.js'

/** Where requests to one vendor's API go, and with which credential. */
export interface ApiUpstream {
  readonly url: string
  /** Sent as `x-api-key` to Anthropic's API and as a bearer token to OpenAI's. Absent: no credential is attached. */
  readonly apiKey: string | undefined
}

/** `anthropic` serves `/v1/messages…`, `openai` everything else; an API that is undefined is not served. */
export type UpstreamSettings =
  | { readonly kind: 'demo' }
  | { readonly kind: 'single'; readonly anthropic: ApiUpstream; readonly openai: ApiUpstream }
  | {
      readonly kind: 'vendors'
      readonly anthropic: ApiUpstream | undefined
      readonly openai: ApiUpstream | undefined
    }

const ANTHROPIC_URL = 'https://api.anthropic.com'
const OPENAI_URL = 'https://api.openai.com'

export function readUpstreams(
  values: Values,
  isSet: (name: SettingName) => boolean,
  production: boolean,
  problems: string[],
  warnings: string[],
): UpstreamSettings {
  const { UPSTREAM_API_KEY: apiKey, ANTHROPIC_API_KEY: anthropicKey, OPENAI_API_KEY: openaiKey } = values
  const vendorKeys = (['ANTHROPIC_API_KEY', 'OPENAI_API_KEY'] as const).filter(isSet)
  if (isSet('UPSTREAM_URL')) {
    const url = values.UPSTREAM_URL ?? ''
    warnings.push(...doubtsAboutUpstream(url, isSet('UPSTREAM_API_KEY'), vendorKeys))
    return {
      kind: 'single',
      anthropic: { url, apiKey: apiKey ?? anthropicKey },
      openai: { url, apiKey: apiKey ?? openaiKey },
    }
  }
  if (isSet('UPSTREAM_API_KEY'))
    problems.push('UPSTREAM_API_KEY: has no effect without UPSTREAM_URL; set that too, or remove this')
  if (vendorKeys.length > 0)
    return {
      kind: 'vendors',
      anthropic: anthropicKey === undefined ? undefined : { url: ANTHROPIC_URL, apiKey: anthropicKey },
      openai: openaiKey === undefined ? undefined : { url: OPENAI_URL, apiKey: openaiKey },
    }
  if (production)
    problems.push(
      'UPSTREAM_URL: required in production, where the demo upstream does not start; or set ANTHROPIC_API_KEY or OPENAI_API_KEY',
    )
  return { kind: 'demo' }
}

function doubtsAboutUpstream(url: string, hasOwnKey: boolean, vendorKeys: readonly string[]): string[] {
  const doubts: string[] = []
  const names = vendorKeys.join(' and ')
  if (vendorKeys.length > 0 && hasOwnKey)
    doubts.push(`${names} not used: UPSTREAM_API_KEY is sent to UPSTREAM_URL`)
  else if (vendorKeys.length > 0)
    doubts.push(`${names} will be sent to UPSTREAM_URL; set UPSTREAM_API_KEY to send that instead`)
  if (/\/v1\/*$/.test(url))
    doubts.push('UPSTREAM_URL ends in /v1: requests will go to /v1/v1/…; leave it out')
  return doubts
}
