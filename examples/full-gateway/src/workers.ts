import type { Worker } from 'node:cluster'
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { Logger } from 'pino'
import type { Gateway } from './app.js'
import { startDemoUpstream } from './demo/upstream/server.js'
import { startIdentity } from './identity.js'
import { loopbackAddress } from './readiness.js'
import type { Settings } from './settings.js'

const RESTARTED_AFTER_MS = 500

/**
 * Runs the gateway in several processes on one port and one store. The demo parts run here, once for all of them. A
 * process that dies is replaced.
 */
export async function startWorkers(settings: Settings, count: number, log: Logger): Promise<Gateway> {
  const url = settings.publicUrl ?? `http://localhost:${settings.port}`
  const { env, demoLogins, close } = await startDemoParts(settings, url, log)
  let isStopping = false

  const fork = (): Worker => {
    const worker = cluster.fork(env)
    log.info({ pid: worker.process.pid }, 'worker started')
    worker.once('exit', (code, signal) => {
      if (isStopping) return
      log.error({ pid: worker.process.pid, code, signal }, 'a worker died and is replaced')
      setTimeout(() => isStopping || fork(), RESTARTED_AFTER_MS)
    })
    return worker
  }
  const workers = Array.from({ length: count }, fork)
  try {
    await Promise.all(workers.map(isListening))
  } catch (error) {
    isStopping = true
    for (const worker of workers) worker.kill()
    await close()
    throw error
  }
  return {
    url,
    address: loopbackAddress(settings.host, settings.port),
    demoLogins,
    async close() {
      isStopping = true
      const running = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
      const exits = running.map((worker) => once(worker, 'exit'))
      for (const worker of running) worker.process.kill('SIGTERM')
      await Promise.all(exits)
      await close()
    },
  }
}

/** A worker listens when it can answer. */
async function isListening(worker: Worker): Promise<void> {
  const died = once(worker, 'exit').then(() => {
    throw new Error('A worker could not start; its reasons are above')
  })
  await Promise.race([once(worker, 'listening'), died])
}

/** Started once and told to every worker by the settings that a real provider and upstream would have. */
async function startDemoParts(settings: Settings, url: string, log: Logger) {
  const identity = await startIdentity(settings, url, log)
  const upstream =
    settings.upstreams.kind === 'demo'
      ? await startDemoUpstream({ production: settings.production, log })
      : undefined
  const env: Record<string, string> = { PUBLIC_URL: url, HOST: settings.host }
  if (upstream) env.UPSTREAM_URL = upstream.url
  if (settings.identity.kind === 'demo') {
    const { issuer, clientId, clientSecret = '' } = identity.provider
    Object.assign(env, { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret })
    env.SUPER_ADMIN_EMAIL = settings.superAdmins.join(',')
  }
  return {
    env,
    demoLogins: identity.demoLogins,
    async close() {
      await identity.close()
      await upstream?.close()
    },
  }
}
