import { z } from 'zod'
import { denial } from '../../errors/denials.js'
import { explainCode } from '../../errors/problem.js'
import { json, refuse } from '../answers/answer.js'
import { explanationPage } from '../answers/page.js'
import { route } from '../route.js'

const JWKS_CACHE_SECONDS = 300

const readiness = z.object({
  status: z.enum(['ready', 'degraded', 'not_ready']),
  store: z.boolean(),
  identity_provider: z.boolean(),
  plugins: z.record(z.string(), z.boolean()).optional().describe('Of plugins that say how they are'),
  warnings: z.array(z.string()),
})

/** Health, keys, and what the codes mean. */
export const operationRoutes = [
  route({
    method: 'GET',
    path: '/health',
    access: 'public',
    summary: 'The process serves',
    answer: z.object({ status: z.literal('ok') }),
    unlimitedBecause: 'It does nothing',
    handle: async () => json({ status: 'ok' }),
  }),
  route({
    method: 'GET',
    path: '/ready',
    access: 'public',
    summary:
      'The store takes writes and the identity provider answers as one; 503 otherwise. `degraded` serves, but look at the warnings',
    answer: readiness,
    otherwise: { 503: { description: 'Not ready', answer: readiness } },
    unlimitedBecause: 'Store and provider are asked once a second, whoever asks',
    async handle({ deps }) {
      const [store, plugins, identityProvider] = await Promise.all([
        deps.storeReadiness(),
        deps.pluginHealth(),
        deps.providerReadiness(),
      ])
      const isSound = store.warnings.length === 0 || deps.options.onStoreDegraded === 'report'
      const areWell = Object.values(plugins).every(Boolean)
      const isReady = store.ok && isSound && identityProvider && areWell
      const headers: Record<string, string> = isReady ? {} : { 'retry-after': '2' }
      return json(
        {
          status: isReady ? (store.warnings.length > 0 ? 'degraded' : 'ready') : 'not_ready',
          store: store.ok,
          identity_provider: identityProvider,
          ...(Object.keys(plugins).length > 0 && { plugins }),
          warnings: store.warnings,
        },
        isReady ? 200 : 503,
        headers,
      )
    },
  }),
  route({
    method: 'GET',
    path: '/.well-known/jwks.json',
    access: 'public',
    summary: 'Public keys of the tokens (RFC 7517); empty with symmetric keys',
    answer: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
    media: 'application/jwk-set+json',
    unlimitedBecause: 'It is made from the options alone',
    handle: async ({ deps }) =>
      json(deps.keys.jwks(), 200, {
        'content-type': 'application/jwk-set+json',
        'cache-control': `public, max-age=${JWKS_CACHE_SECONDS}`,
      }),
  }),
  route({
    method: 'GET',
    path: '/.well-known/portcullis/problems/{code}',
    access: 'public',
    summary: 'What a problem code means',
    media: 'text/html',
    unlimitedBecause: 'It is a fixed text',
    async handle({ deps, params }) {
      const problem = explainCode(params.code ?? '', deps.options.denials)
      return problem ? explanationPage(problem) : refuse(denial('not_found'))
    },
  }),
]
