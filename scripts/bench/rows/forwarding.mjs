import { createSecrets, issue, openGate, openRedisStore } from '../gate.mjs'
import { applyLoad } from '../load.mjs'
import { interleave, median, medianRatio } from '../measure.mjs'
import { freePort, startGateway, startNginx, startProgram, startRedis } from '../processes.mjs'
import { format } from '../report.mjs'

const CONNECTIONS = 32
/** Long enough for a machine that is busy otherwise to have everything compiled. */
const WARM_UPS = 4
const HOPS = /** @type {const} */ ([
  'http-proxy',
  'undici',
  'nginx',
  'authenticate',
  'forwarder',
  'forwarder-redis',
  'gateway',
])

/** @typedef {(typeof HOPS)[number]} Hop */
/** @typedef {{ port: number, token: string, pid: number }} Server */

/**
 * Requests per second through one hop to an upstream in a process of its own: bare proxies, the forwarder in node:http,
 * and the full gateway with an identity provider outside of it.
 *
 * @param {import('../settings.mjs').Settings} settings
 * @returns {Promise<import('../report.mjs').Row[]>}
 */
export async function measureForwarding({ rounds, loadMs, profile }) {
  if (profile !== undefined && !HOPS.some((hop) => hop === profile))
    throw new Error(`--profile takes one of ${HOPS.join(', ')}`)
  const servers = await startHops(profile)
  const hops = HOPS.filter((hop) => servers.has(hop))
  /** @type {string} */
  let command = ''
  /** @param {Hop} hop */
  const run = async (hop) => {
    const { port, token } = /** @type {Server} */ (servers.get(hop))
    const load = { port, path: '/v1/models', tokens: [token], connections: CONNECTIONS, durationMs: loadMs }
    const round = await applyLoad(load)
    command = round.command
    return round.perSecond
  }
  // What runs is compiled by then.
  await interleave(hops, WARM_UPS, run)
  const figures = await interleave(hops, rounds, run)

  /**
   * @param {string} what
   * @param {Hop} hop
   * @param {Hop} base
   * @param {number} [atLeast]
   * @returns {import('../report.mjs').Row[]}
   */
  const row = (what, hop, base, atLeast) => {
    const [perSecond, baseline] = [figures[hop], figures[base]]
    if (!perSecond || !baseline) return []
    return [
      {
        what,
        against: NAMES[base],
        value: medianRatio(perSecond, baseline),
        unit: 'of its requests a second',
        ...(atLeast === undefined ? {} : { atLeast }),
        detail: `${format(median(perSecond))} and ${format(median(baseline))} a second`,
        command,
        figures: { perSecond, baseline },
      },
    ]
  }
  return [
    ...row('bare `undici.dispatch` in node:http', 'undici', 'http-proxy'),
    ...row('`gate.authenticate` alone in node:http, nothing forwarded', 'authenticate', 'http-proxy'),
    ...row('forwarder in node:http with `gate.authenticate`, memory', 'forwarder', 'http-proxy', 1),
    ...row('forwarder in node:http with `gate.authenticate`, Redis', 'forwarder-redis', 'http-proxy', 1),
    ...row('full gateway (Fastify, access log), Redis', 'gateway', 'http-proxy', 0.8),
    ...row('full gateway (Fastify, access log), Redis', 'gateway', 'nginx', 0.3),
  ]
}

/** @type {Record<Hop, string>} */
const NAMES = {
  'http-proxy': 'bare http-proxy in node:http',
  undici: 'bare `undici.dispatch` in node:http',
  nginx: 'one nginx hop',
  authenticate: '`gate.authenticate` in node:http',
  forwarder: 'forwarder in node:http, memory',
  'forwarder-redis': 'forwarder in node:http, Redis',
  gateway: 'full gateway',
}

/**
 * Starts Redis, the upstream and every hop; nginx where it is installed.
 *
 * @param {string | undefined} profile the hop that is to be profiled
 * @returns {Promise<Map<Hop, Server>>}
 */
export async function startHops(profile) {
  const { url: redisUrl } = await startRedis()
  const secrets = createSecrets()
  const program = new URL('../programs/forward.mjs', import.meta.url)
  const { greeting: upstream } = await startProgram(program, { variant: 'upstream', secrets })
  const upstreamUrl = `http://127.0.0.1:${upstream.port}`
  /** @type {Map<Hop, Server>} */
  const servers = new Map()
  for (const variant of /** @type {const} */ (['http-proxy', 'undici', 'authenticate', 'forwarder'])) {
    const options = { variant, secrets, upstream: upstreamUrl }
    servers.set(variant, (await startProgram(program, options, { isProfiled: profile === variant })).greeting)
  }
  const onRedis = { variant: 'forwarder', secrets, upstream: upstreamUrl, redisUrl }
  const isProfiled = profile === 'forwarder-redis'
  servers.set('forwarder-redis', (await startProgram(program, onRedis, { isProfiled })).greeting)
  const nginx = await startNginx(upstream.port)
  if (nginx !== undefined) servers.set('nginx', { ...nginx, token: 'none' })
  servers.set('gateway', await startFullGateway(redisUrl, upstreamUrl, secrets, profile === 'gateway'))
  return servers
}

/**
 * @param {string} redisUrl
 * @param {string} upstreamUrl also the identity provider
 * @param {import('../gate.mjs').Secrets} secrets
 * @param {boolean} isProfiled
 * @returns {Promise<Server>}
 */
async function startFullGateway(redisUrl, upstreamUrl, secrets, isProfiled) {
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const database = `${redisUrl}/1`
  const gate = await openGate(openRedisStore(database), secrets, { publicUrl })
  const { token } = await issue(gate, { account: 'user@example.test' })
  await gate.close()
  const pid = await startGateway(
    {
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      FRAMEWORK: 'fastify',
      REDIS_URL: database,
      JWT_SECRET: secrets.signing,
      SESSION_SECRET: secrets.session,
      OIDC_ISSUER: upstreamUrl,
      OIDC_CLIENT_ID: 'bench',
      OIDC_CLIENT_SECRET: 'a secret of the bench',
      UPSTREAM_URL: upstreamUrl,
      SUPER_ADMIN_EMAIL: 'admin@example.test',
    },
    { isProfiled },
  )
  return { port, token, pid }
}
