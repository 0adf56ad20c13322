import { html } from 'hono/html'
import type { GateContext } from '../../context/context.js'
import { page } from '../../http/answers/page.js'

export interface Consent {
  /** What asks. */
  readonly program: string
  readonly account: string
  readonly scopes: readonly string[]
  readonly advice: string
  /** Where the answer goes, and what goes with it. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** The origin that the browser goes on to with the answer. */
  readonly answeredTo?: string
}

/** Asks somebody whether a program may act for them; works without scripts. */
export function consentPage(context: GateContext, consent: Consent): Promise<Response> {
  const { program, account, scopes, advice, action, fields, answeredTo } = consent
  return page({
    title: `Let ${program} in?`,
    paragraphs: [`It will act as ${account}, and may:`],
    action: html`<ul>${scopes.map((scope) => html`<li><code>${scope}</code> ${context.options.scopes[scope]}</li>`)}</ul>
<p>${advice}</p>
<form method="post" action="${action}">
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button name="decision" value="approve">Allow</button>
<button class="quiet" name="decision" value="deny">Deny</button>
</form>`,
    ...(answeredTo === undefined ? {} : { answeredTo }),
  })
}
