import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { ACCOUNTS } from './accounts.js'

const STYLE = `
:root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--text:#16181d;--dim:#5a6170;--line:#d4d8e0;--accent:#2450c8;--on-accent:#fff;--error:#b3261e;--error-page:#fdecea}
@media(prefers-color-scheme:dark){:root{--page:#101216;--card:#1a1d23;--text:#eceef2;--dim:#a4abb8;--line:#363b46;--accent:#8fb0ff;--on-accent:#0d1730;--error:#ffb4ab;--error-page:#3a1d1b}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1.25rem;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:25rem;padding:1.75rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0;font-size:1.375rem;line-height:1.3}
p{margin:.25rem 0 0;color:var(--dim)}
form{display:grid;gap:1rem;margin-top:1.25rem}
fieldset{display:grid;gap:.5rem;margin:0;padding:0;border:0;min-width:0}
legend,.label{padding:0;margin-bottom:.375rem;font-weight:600;font-size:.9375rem}
.account{display:flex;gap:.75rem;align-items:center;padding:.625rem .875rem;border:1px solid var(--line);border-radius:.5rem;cursor:pointer}
.account:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.account input{width:1.125rem;height:1.125rem;margin:0;flex:none;accent-color:var(--accent)}
.account span{display:grid;overflow-wrap:anywhere}
.account small{color:var(--dim);font-size:.875rem}
.password{display:grid}
.password input{width:100%;min-height:2.75rem;padding:.5rem .75rem;font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:.5rem}
.actions{display:flex;flex-wrap:wrap;gap:.75rem}
button{min-height:2.75rem;padding:.5rem 1.125rem;font:inherit;font-weight:600;border:1px solid var(--line);border-radius:.5rem;background:transparent;color:inherit;cursor:pointer}
button.primary{flex:1;border-color:var(--accent);background:var(--accent);color:var(--on-accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.error{margin-top:1rem;padding:.625rem .875rem;border-radius:.5rem;background:var(--error-page);color:var(--error)}
.note{margin-top:1.25rem;font-size:.875rem}
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/**
 * Headers of every page. Chrome applies `form-action` to the redirects that follow a form as well, so it has to allow
 * the origins of the client that a login or logout leads back to.
 */
export function pageHeaders(clientUrls: readonly string[]): Readonly<Record<string, string>> {
  const formAction = ["'self'", ...new Set(clientUrls.map(sourceOf))].join(' ')
  return {
    'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  }
}

export interface LoginPage {
  readonly action: string
  /** E-mail of the account to preselect. */
  readonly email?: string | undefined
  /** Shown above the form. */
  readonly error?: string | undefined
}

type Html = ReturnType<typeof html>

/** The form: which account, which password. Works without scripts. */
export function renderLoginPage({ action, email, error }: LoginPage): string {
  const chosen = ACCOUNTS.find((account) => account.email === email) ?? ACCOUNTS[0]
  const choices = ACCOUNTS.map(
    (account) => html`<label class="account">
<input type="radio" name="email" value="${account.email}" required${account === chosen ? ' checked' : ''}>
<span>${account.email}<small>${account.name}, in ${account.groups.join(', ')}</small></span>
</label>
`,
  )
  const described = error === undefined ? '' : html` aria-invalid="true" aria-describedby="error"`
  return page(
    'Log in',
    html`<p>Demo identity provider</p>
${error === undefined ? '' : html`<p class="error" role="alert" id="error">${error}</p>`}
<form method="post" action="${action}">
<fieldset><legend>Account</legend>
${choices}
</fieldset>
<label class="password"><span class="label">Password</span>
<input type="password" name="password" autocomplete="current-password" required autofocus${described}>
</label>
<div class="actions"><button class="primary" name="choice" value="log-in">Log in</button><button name="choice" value="cancel" formnovalidate>Cancel</button></div>
</form>
<p class="note">The gateway printed the password when it started. Not for production: set OIDC_ISSUER to use your own provider.</p>`,
  )
}

/** Asks before logging out when the request does not show that it comes from the account itself. `form` is HTML. */
export function renderLogoutPage(form: string, email: string): string {
  return page(
    'Log out?',
    html`<p>You are logged in as ${email}.</p>
${raw(form)}
<div class="actions note"><button class="primary" form="op.logoutForm" name="logout" value="yes" autofocus>Log out</button></div>`,
  )
}

export function renderLoggedOutPage(): string {
  return page('Logged out', html`<p>You can close this page.</p>`)
}

export function renderErrorPage(code: string, description: string): string {
  return page('This did not work', html`<p class="error">${description}</p><p class="note">${code}</p>`)
}

function page(title: string, content: Html): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Demo identity provider</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`)
}

/** A CSP source cannot name an IPv6 address (CSP 3 §2.3.1), so its scheme has to do. */
function sourceOf(url: string): string {
  const { origin, hostname, protocol } = new URL(url)
  return hostname.startsWith('[') ? protocol : origin
}
