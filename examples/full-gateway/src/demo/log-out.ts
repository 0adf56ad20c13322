import type { KoaContextWithOIDC } from 'oidc-provider'
import { findBySubject } from './accounts.js'
import { renderLogoutPage } from './login-page.js'

/**
 * Ends the session at once when the request carries an ID token of the account that is logged in, and asks first when
 * it does not, as OpenID Connect RP-Initiated Logout 1.0 §2 requires.
 */
export async function logOut(ctx: KoaContextWithOIDC, form: string): Promise<void> {
  const { session, entities, provider } = ctx.oidc
  const subject = session?.accountId
  if (entities.IdTokenHint?.payload.sub !== subject || session === undefined) {
    ctx.body = renderLogoutPage(form, findBySubject(subject ?? '')?.email ?? '')
    return
  }
  await session.destroy()
  ctx.cookies.set(provider.cookieName('session'), null)
  leave(ctx)
}

/** Sends the browser back to the client, whose address the provider has checked by now, or to the last page. */
export function leave(ctx: KoaContextWithOIDC): void {
  const { params, provider } = ctx.oidc
  const { post_logout_redirect_uri: returnTo, state } = params ?? {}
  const url = new URL(typeof returnTo === 'string' ? returnTo : provider.urlFor('end_session_success'))
  if (typeof returnTo === 'string' && typeof state === 'string') url.searchParams.set('state', state)
  ctx.status = 303
  ctx.redirect(url.href)
}

/**
 * An ID token from before a restart was signed with a key that is gone. Taken as a hint it would fail the request;
 * without it, its owner can still log out and return.
 */
export function dropForeignHint(ctx: KoaContextWithOIDC, keyId: string, clientId: string): void {
  const hint = ctx.query.id_token_hint
  if (typeof hint !== 'string' || keyIdOf(hint) === keyId) return
  const { id_token_hint: _, ...rest } = ctx.query
  ctx.query = { client_id: clientId, ...rest }
}

function keyIdOf(token: string): unknown {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8'))
    return typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined
  } catch {
    return undefined
  }
}
