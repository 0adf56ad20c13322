import type { Settings } from '../settings.js'

/** Every secret that the settings hold, so that none of them is ever logged. */
export function secretsOf({
  sessionSecrets = [],
  signing,
  credentials,
  identity,
  upstreams,
  store,
}: Settings): readonly string[] {
  const upstreamKeys =
    upstreams.kind === 'demo' ? [] : [upstreams.anthropic?.apiKey, upstreams.openai?.apiKey]
  const urls = store.kind === 'redis' ? [store.url] : store.kind === 'cluster' ? store.urls : []
  return [
    ...sessionSecrets,
    ...(signing.kind === 'given' ? signing.secrets : []),
    credentials.masterKey,
    ...(credentials.scimSecrets ?? []),
    identity.kind === 'oidc' ? identity.clientSecret : undefined,
    ...upstreamKeys,
    ...urls.map((url) => decodeURIComponent(new URL(url).password)),
  ].filter((secret) => secret !== undefined)
}
