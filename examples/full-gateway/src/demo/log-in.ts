import { createHash, timingSafeEqual } from 'node:crypto'
import type { KoaContextWithOIDC, default as Provider } from 'oidc-provider'
import { findByEmail } from './accounts.js'
import type { DemoLog } from './log.js'
import { renderErrorPage, renderLoginPage } from './login-page.js'
import { readBody } from './read-body.js'

export interface LoginDeps {
  readonly provider: Provider
  readonly password: string
  readonly log: DemoLog
}

type Context = Pick<
  KoaContextWithOIDC,
  'req' | 'res' | 'path' | 'method' | 'status' | 'type' | 'body' | 'respond'
>
type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>
type Result = Parameters<Provider['interactionFinished']>[2]

const INTERACTION_PATH = /^\/interaction\/([\w-]{1,64})$/

/**
 * Answers `/interaction/…`: shows the log-in form and checks what comes back. The interaction is found by a cookie
 * that is sent to its own path alone and never across sites, so nobody can submit the form for someone else.
 * Resolves false for every other path.
 */
export async function answerLogin(context: LoginDeps, ctx: Context): Promise<boolean> {
  const uid = INTERACTION_PATH.exec(ctx.path)?.[1]
  if (uid === undefined) return false
  ctx.type = 'html'
  const interaction = await context.provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined)
  if (interaction?.uid !== uid) {
    ctx.status = 400
    ctx.body = renderErrorPage(
      'interaction_not_found',
      'This log-in has expired. Start again at the gateway.',
    )
    return true
  }
  const result = await answerInteraction(context, ctx, interaction)
  if (result) {
    ctx.respond = false
    await context.provider.interactionFinished(ctx.req, ctx.res, result)
  }
  return true
}

/** What the interaction came to; undefined when a page was shown instead. */
async function answerInteraction(
  context: LoginDeps,
  ctx: Context,
  interaction: Interaction,
): Promise<Result | undefined> {
  if (interaction.prompt.name !== 'login') return { consent: {} }
  if (ctx.method === 'POST') return checkForm(context, ctx)
  const { login_hint: hint } = interaction.params
  ctx.body = renderLoginPage({ action: ctx.path, email: typeof hint === 'string' ? hint : undefined })
  return undefined
}

const MAX_FORM_BYTES = 8_192

async function checkForm({ password, log }: LoginDeps, ctx: Context): Promise<Result | undefined> {
  const form = new URLSearchParams(await readBody(ctx.req, MAX_FORM_BYTES))
  if (form.get('choice') === 'cancel')
    return { error: 'access_denied', error_description: 'the log-in was cancelled' }
  const email = form.get('email') ?? ''
  const account = findByEmail(email)
  if (account && isSame(form.get('password') ?? '', password)) {
    log.info({ account: account.email }, 'demo identity provider: logged in')
    return { login: { accountId: account.sub } }
  }
  log.warn({ account: account?.email }, 'demo identity provider: wrong password')
  ctx.status = 401
  const error = 'That is not the password. The gateway printed it when it started.'
  ctx.body = renderLoginPage({ action: ctx.path, email, error })
  return undefined
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
