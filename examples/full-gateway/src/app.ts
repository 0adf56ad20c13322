import cluster from 'node:cluster'
import { createGate, type GateEvent } from '@portcullis/core'
import { guardServer } from '@portcullis/core/http'
import { oidcProvider } from '@portcullis/core/oidc'
import { createForwarder } from '@portcullis/core/proxy'
import { dashboard } from '@portcullis/dashboard'
import { llmHeaders, llmProblems, llmUsage } from '@portcullis/llm'
import type { Logger } from 'pino'
import { credentialOptions } from './credentials.js'
import { startDemoUpstream } from './demo/upstream/server.js'
import { loadFramework } from './frameworks.js'
import { type IdentityParts, type StartDemoProvider, startIdentity } from './identity.js'
import { nameSettings } from './load-settings.js'
import { neverLog } from './logging/redact.js'
import { loopbackAddress } from './readiness.js'
import { loadSecret } from './secrets.js'
import { listen, serve, startingServer, stop } from './serve.js'
import { secretsOf } from './settings/secrets-of.js'
import { settingsOf } from './settings/setting-of.js'
import type { Settings } from './settings.js'
import { signingKeys } from './signing.js'
import { awaitStore, openStore } from './store.js'
import { chooseUpstream } from './upstream.js'

export interface Gateway {
  /** The origin that browsers see. */
  readonly url: string
  /** Where it is reached from this machine. */
  readonly address: string
  /** The e-mails and the password of the demo log-ins; undefined with a real identity provider. */
  readonly demoLogins: IdentityParts['demoLogins']
  /**
   * Not ready from now on, no new connection; what is running may finish for 25 s. Then everything is released.
   */
  close(): Promise<void>
}

/** Starts the gateway. Rejects, with nothing left running, when a part of it cannot start. */
export async function startGateway(
  settings: Settings,
  log: Logger,
  startDemo?: StartDemoProvider,
): Promise<Gateway> {
  const closing: (() => Promise<void>)[] = []
  // The other way round: what came later may need what was there before, as the gate its store for what waits to be audited.
  const release = async () => {
    const failures: unknown[] = []
    for (const close of closing.splice(0).reverse()) await close().catch((cause) => failures.push(cause))
    if (failures.length > 0) throw failures[0]
  }
  try {
    return await start(settings, log, closing, release, startDemo)
  } catch (error) {
    await release().catch((err: unknown) => log.error({ err }, 'did not stop cleanly'))
    throw error
  }
}

async function start(
  settings: Settings,
  log: Logger,
  closing: (() => Promise<void>)[],
  release: () => Promise<void>,
  startDemo: StartDemoProvider | undefined,
): Promise<Gateway> {
  neverLog(secretsOf(settings))
  const server = startingServer()
  // A worker shares its port with others that serve already: it takes requests only once it can answer them.
  const port = cluster.isWorker ? settings.port : await listen(server, settings.port, settings.host)
  const running = { breakOff: async () => {} }
  closing.push(() => stop(server, running))
  const publicUrl = settings.publicUrl ?? `http://localhost:${port}`

  const identity = await startIdentity(settings, publicUrl, log, startDemo)
  closing.push(identity.close)
  const upstream = await startUpstream(settings, log, closing)

  const store = openStore(settings)
  closing.push(() => store.close())
  await awaitStore(store, settings, log)
  const gate = await createGate({
    store,
    publicUrl,
    insecurePublicUrl: settings.insecurePublicUrl,
    secret: settings.sessionSecrets ?? [await sessionSecretOf(settings)],
    keys: await signingKeys(settings),
    identityProvider: oidcProvider(identity.provider),
    superAdmins: settings.superAdmins,
    admins: settings.admins,
    roleByGroup: settings.roleByGroup,
    authRequest: settings.authRequest,
    // The browser may leave for the provider when a form logs it out.
    pages: [dashboard({ signOutOrigins: [new URL(identity.provider.issuer).origin] })],
    problems: [llmProblems()],
    usageInstructions: llmUsage(),
    ...(await credentialOptions(settings)),
    ...(settings.clientAddress && { clientAddress: settings.clientAddress }),
    rateLimits: settings.rateLimits,
    onDataLoss: settings.onDataLoss,
    auditRetentionDays: settings.auditRetentionDays,
    maxCredentialsPerAccount: settings.maxCredentialsPerAccount,
    onStoreDegraded: settings.strict ? 'refuse' : 'report',
    onEvent: (event) => logEvent(log, event),
  }).catch((cause: unknown) => {
    throw nameSettings(cause)
  })
  const forwarder = createForwarder(gate, { upstream, ...llmHeaders(), ...settings.forwarding })
  running.breakOff = () => forwarder.close()
  closing.push(() => forwarder.close())
  closing.push(() => gate.close())

  const state = { isDraining: false }
  const wire = await loadFramework(settings.framework)
  guardServer(server, gate, { upgrade: forwarder.upgrade })
  serve(server, await wire({ gate, forwarder, log, isDraining: () => state.isDraining }))
  if (cluster.isWorker) await listen(server, settings.port, settings.host)
  return {
    url: publicUrl,
    address: loopbackAddress(settings.host, port),
    demoLogins: identity.demoLogins,
    async close() {
      state.isDraining = true
      await stop(server, running)
      await release()
    },
  }
}

async function sessionSecretOf({ dataDir }: Settings): Promise<string> {
  const secret = await loadSecret(dataDir, 'session-secret')
  neverLog([secret])
  return secret
}

async function startUpstream(settings: Settings, log: Logger, closing: (() => Promise<void>)[]) {
  if (settings.upstreams.kind !== 'demo') return chooseUpstream(settings.upstreams)
  const demo = await startDemoUpstream({ production: settings.production, log })
  closing.push(demo.close)
  const api = { url: demo.url, apiKey: undefined }
  return chooseUpstream({ kind: 'single', anthropic: api, openai: api })
}

function logEvent(log: Logger, { level, code, detail, count, options = [], cause }: GateEvent): void {
  const settings = settingsOf(options)
  const hint = settings.length === 0 ? '' : ` (settings: ${settings.join(', ')})`
  const more = { ...(count === undefined ? {} : { count }), ...(cause === undefined ? {} : { err: cause }) }
  log[level]({ code, ...more }, detail + hint)
}
