import { Worker } from 'node:worker_threads'
import type { DemoProvider, DemoProviderOptions } from './provider.js'
import { refuseProduction } from './refuse-production.js'

export type DemoOptions = Omit<DemoProviderOptions, 'log'>

/** What the thread says: a line for the log, or how its start went. */
export type ThreadMessage =
  | { readonly level: 'info' | 'warn' | 'error'; readonly fields: unknown; readonly text: string | undefined }
  | { readonly issuer: string }
  | { readonly failed: string }

/** As `startDemoProvider`, on a thread of its own that runs `program`. */
export async function startDemoProviderThread(
  program: URL,
  { log, ...options }: DemoProviderOptions,
): Promise<DemoProvider> {
  refuseProduction(options.production, 'demo identity provider', 'OIDC_ISSUER')
  const worker = new Worker(program, { workerData: options satisfies DemoOptions })
  const issuer = await new Promise<string>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The demo identity provider has ended')))
    worker.on('message', (message: ThreadMessage) => {
      if ('issuer' in message) resolve(message.issuer)
      else if ('failed' in message) reject(new Error(message.failed))
      else log[message.level](message.fields, message.text)
    })
  }).catch(async (cause: unknown) => {
    await worker.terminate()
    throw cause
  })
  worker.on('error', (err) => log.error({ err }, 'demo identity provider failed'))
  return {
    issuer,
    async close() {
      await worker.terminate()
    },
  }
}
