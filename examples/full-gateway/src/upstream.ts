import type { UpstreamTarget } from '@portcullis/core/proxy'
import type { ApiUpstream, UpstreamSettings } from './settings/upstreams.js'

/** Where each path goes, and with which credential: Anthropic's API under `/v1/messages`, OpenAI's for the rest. */
export function chooseUpstream(
  settings: Exclude<UpstreamSettings, { kind: 'demo' }>,
): (path: string) => UpstreamTarget | undefined {
  const anthropic = targetOf(settings.anthropic, (key) => ({ 'x-api-key': key }))
  const openai = targetOf(settings.openai, (key) => ({ authorization: `Bearer ${key}` }))
  return (path) => {
    if (!path.startsWith('/v1/')) return undefined
    return isAnthropic(path) ? anthropic : (openai ?? anthropic)
  }
}

function isAnthropic(path: string): boolean {
  return path === '/v1/messages' || path.startsWith('/v1/messages/')
}

function targetOf(
  api: ApiUpstream | undefined,
  credential: (key: string) => Record<string, string>,
): UpstreamTarget | undefined {
  return api && { url: api.url, ...(api.apiKey === undefined ? {} : { headers: credential(api.apiKey) }) }
}
