import { z } from 'zod'
import { json } from '../answers/answer.js'
import { route } from '../route.js'

const readiness = z.object({
  status: z.enum(['ready', 'degraded', 'not_ready']),
  store: z.boolean(),
  identity_provider: z.boolean(),
  plugins: z.record(z.string(), z.boolean()).optional().describe('Of plugins that say how they are'),
  warnings: z.array(z.string()),
})

/** Whether the process serves, and can. */
export const healthRoutes = [
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
    async handle({ gate }) {
      const [store, plugins, identityProvider] = await Promise.all([
        gate.storeReadiness(),
        gate.pluginHealth(),
        gate.providerReadiness(),
      ])
      const isSound = store.warnings.length === 0 || gate.options.onStoreDegraded === 'report'
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
]
