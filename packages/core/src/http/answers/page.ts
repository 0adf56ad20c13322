import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { Problem } from '../../errors/problem.js'
import { htmlAnswer } from './answer.js'

const css = `
:root{color-scheme:light dark;--ink:#17212b;--soft:#53606d;--ground:#f3f2ec;--card:#fff;--line:#d9d8d0;--accent:#12646a}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaec;--soft:#a3adb8;--ground:#10161c;--card:#19212a;--line:#2c3742;--accent:#5fb3b9}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:30rem;overflow-wrap:anywhere;width:100%;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:12px}
h1{margin:0 0 .5rem;font:600 1.5rem/1.3 Georgia,serif}p{margin:.5rem 0;color:var(--soft)}
a,button{display:inline-block;margin-top:1rem;padding:.6rem 1.2rem;border:0;border-radius:8px;background:var(--accent);color:var(--card);font:600 1rem/1.5 system-ui,sans-serif;text-decoration:none;cursor:pointer}
code{font-size:.9rem}ul{padding-left:1.2rem;color:var(--soft)}
button.quiet{background:none;color:var(--accent);box-shadow:inset 0 0 0 1px var(--line)}
label{display:block;color:var(--soft)}input{width:100%;margin-top:.3rem;padding:.6rem;border:1px solid var(--line);border-radius:8px;background:var(--ground);color:var(--ink);font:600 1.2rem/1.5 ui-monospace,monospace;letter-spacing:.1em}
a:focus-visible,button:focus-visible,input:focus-visible{outline:3px solid var(--accent);outline-offset:2px}`

const STYLE = { css, hash: createHash('sha256').update(css).digest('base64') }

/** Made by the tag `html` alone, which escapes whatever is put into it. */
export type Markup = ReturnType<typeof html>

interface PageContent {
  readonly title: string
  readonly paragraphs: readonly string[]
  readonly action?: Markup
  readonly code?: string
  /** Where a form may lead to beside our own origin. */
  readonly answeredTo?: string
}

/** A small page without scripts, in the one style that its policy lets in. */
export async function page(
  { title, paragraphs, action, code, answeredTo }: PageContent,
  status = 200,
): Promise<Response> {
  const markup = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} · Portcullis</title>
<style>${raw(STYLE.css)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${paragraphs.map((paragraph) => html`<p>${paragraph}</p>`)}
${code !== undefined && html`<p><code>${code}</code></p>`}
${action}
</main>
</body>
</html>`
  return htmlAnswer(markup.toString(), { styleHash: STYLE.hash, status, answeredTo })
}

/** What a person sees in place of a problem body. */
export function problemPage({ title, detail, code, status }: Problem): Promise<Response> {
  const helps = status === 503 || status < 500
  const action = helps ? { action: html`<a href="/oauth2/start">Log in again</a>` } : {}
  return page({ title, paragraphs: [detail], code, ...action }, status)
}

/** What a code means, for whoever follows the `type` of a problem. */
export function explanationPage({ title, detail, code, status }: Problem): Promise<Response> {
  return page({ title, paragraphs: [detail, `Answered with status ${status}.`], code })
}

/** Asks before a link from elsewhere logs someone out. */
export function signOutPage(returnTo: string): Promise<Response> {
  return page({
    title: 'Log out?',
    paragraphs: ['You are about to log out here and at the identity provider.'],
    action: html`<form method="post" action="/oauth2/sign_out?rd=${encodeURIComponent(returnTo)}"><button>Log out</button></form>`,
  })
}

/** Says that nobody is logged in here any more; whoever wants to be is asked for by a link, not by the provider. */
export function signedOutPage(returnTo: string): Promise<Response> {
  return page({
    title: 'Signed out',
    paragraphs: [
      'You are logged out here. The identity provider may still know you: log out there too on a shared computer.',
    ],
    action: html`<a href="/oauth2/start?rd=${encodeURIComponent(returnTo)}">Log in</a>`,
  })
}
