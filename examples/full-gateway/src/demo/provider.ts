import { generateKeyPair, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import type { Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider'
import { ACCOUNTS, findBySubject } from './accounts.js'
import { listen, stop } from './listen.js'
import type { DemoLog } from './log.js'
import { answerLogin } from './log-in.js'
import { dropForeignHint, leave, logOut } from './log-out.js'
import { pageHeaders, renderErrorPage, renderLoggedOutPage } from './login-page.js'
import { memoryRecords } from './records.js'
import { refuseProduction } from './refuse-production.js'

export interface DemoProviderOptions {
  /** 0 or absent: any free port. */
  readonly port?: number
  readonly host?: '127.0.0.1'
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  /** Of both accounts. */
  readonly password: string
  readonly production: boolean
  readonly log: DemoLog
}

export interface DemoProvider {
  /** `http://127.0.0.1:PORT` */
  readonly issuer: string
  /** Stops at once; logins under way break off. */
  close(): Promise<void>
}

/**
 * An OpenID Connect provider for trying the gateway: two accounts, one password, one client, everything in memory.
 * Authorization code with PKCE (S256) only, RFC 9207 `iss`, RP-initiated logout; reachable on this machine alone.
 * Throws `PortcullisError` `configuration_invalid` in production.
 */
export async function startDemoProvider(options: DemoProviderOptions): Promise<DemoProvider> {
  refuseProduction(options.production, 'demo identity provider', 'OIDC_ISSUER')
  const { log, clientId } = options
  const server = createServer()
  const host = options.host ?? '127.0.0.1'
  const issuer = `http://${host}:${await listen(server, options.port ?? 0, host)}`

  // Loaded here, so that a gateway with a provider of its own never loads it.
  const { Provider } = await import('oidc-provider/lib/provider.js')
  const keyId = randomBytes(8).toString('base64url')
  const provider = new Provider(issuer, configure(options, await signingKey(keyId)))
  provider.silent = true
  provider.on('server_error', (_, err) => log.error({ err }, 'demo identity provider failed'))

  const headers = pageHeaders([...options.redirectUris, ...options.postLogoutRedirectUris])
  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    // Another name for this address is another site's script that had its own name point here (DNS rebinding).
    if (ctx.host !== new URL(issuer).host) ctx.throw(421)
    ctx.set(headers)
    if (await answerLogin({ provider, password: options.password, log }, ctx)) return
    if (ctx.path === '/session/end') dropForeignHint(ctx, keyId, clientId)
    await next()
    const isLoggedOutAlready = ctx.oidc?.route === 'end_session' && !ctx.oidc.session?.accountId
    if (isLoggedOutAlready && ctx.status === 200) leave(ctx)
  })
  server.on('request', provider.callback())
  log.warn(
    { issuer, accounts: ACCOUNTS.map(({ email }) => email) },
    'demo identity provider: not for production',
  )
  return { issuer, close: () => stop(server) }
}

const SCOPES = ['openid', 'email', 'profile', 'groups']
const HOUR_SECONDS = 3_600

function configure(options: DemoProviderOptions, key: JWK): Configuration {
  return {
    adapter: memoryRecords(),
    clients: [
      {
        client_id: options.clientId,
        client_secret: options.clientSecret,
        client_name: 'Portcullis',
        redirect_uris: [...options.redirectUris],
        post_logout_redirect_uris: [...options.postLogoutRedirectUris],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [key] },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: 'demo_session', interaction: 'demo_interaction', resume: 'demo_resume' },
    },
    scopes: SCOPES,
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'groups'],
      groups: ['groups'],
    },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientBasedCORS: () => false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: logOut,
        postLogoutSuccessSource: (ctx) => {
          ctx.body = renderLoggedOutPage()
        },
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, subject) => {
      const account = findBySubject(subject)
      return account && { accountId: subject, claims: () => ({ ...account, groups: [...account.groups] }) }
    },
    loadExistingGrant: grantEverything,
    renderError: (ctx, { error, error_description: description }) => {
      ctx.type = 'html'
      ctx.body = renderErrorPage(error, description ?? 'The request could not be answered.')
    },
    ttl: {
      AccessToken: HOUR_SECONDS,
      AuthorizationCode: 60,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      Session: 8 * HOUR_SECONDS,
      Grant: 8 * HOUR_SECONDS,
    },
  }
}

/** The one client belongs to the same house as the provider, so nobody is asked for consent. */
async function grantEverything({ oidc }: KoaContextWithOIDC) {
  const { provider, session, client } = oidc
  const grant = new provider.Grant({ accountId: session?.accountId, clientId: client?.clientId })
  grant.addOIDCScope(SCOPES.join(' '))
  await grant.save()
  return grant
}

async function signingKey(kid: string): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' } as JWK
}
