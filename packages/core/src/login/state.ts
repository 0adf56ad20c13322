import { createHmac } from 'node:crypto'
import type { GateContext } from '../context/context.js'
import { sha256 } from '../crypto/hash.js'
import { asJson, hasShape, instant, text } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import type { LoginChallenge } from './identity-provider.js'

export const LOGIN_LIFETIME_SECONDS = 600

/** What travels in the `state` parameter, sealed: anonymous visitors write nothing to the store. */
export interface LoginState {
  readonly id: string
  readonly returnTo: string
  /** Hash of the browser's login cookie: a state works in no other browser. */
  readonly browser: string
  readonly expiresAt: Millis
}

const isLoginState = hasShape<LoginState>({ id: text, returnTo: text, browser: text, expiresAt: instant })

const CONTEXT = 'login-state'
const BROWSER = /^[\w-]{43}$/

/** A login cookie that we may have written; anything else is replaced. */
export function isBrowserSecret(value: string | undefined): value is string {
  return value !== undefined && BROWSER.test(value)
}

export function hashBrowser(secret: string): string {
  return sha256(secret)
}

export function sealState(context: GateContext, state: LoginState): string {
  return context.sealer.seal(CONTEXT, asJson(state))
}

export function openState(context: GateContext, sealed: string): LoginState | undefined {
  const opened = context.sealer.open(CONTEXT, sealed)
  return isLoginState(opened) ? opened : undefined
}

/** Nonce and verifier follow from the browser's secret, so neither is kept anywhere nor part of a URL of ours. */
export function challengeOf(
  context: GateContext,
  sealed: string,
  state: LoginState,
  browser: string,
): LoginChallenge {
  const derive = (purpose: string) =>
    createHmac('sha256', browser).update(`${purpose}:${state.id}`).digest('base64url')
  return {
    state: sealed,
    nonce: derive('nonce'),
    codeVerifier: derive('verifier'),
    redirectUri: `${context.options.publicUrl}/oauth2/callback`,
  }
}
