import type { Deps } from '../../context/context.js'
import { escapeText, page } from './page.js'

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
export function consentPage(deps: Deps, consent: Consent): Response {
  const { program, account, scopes, advice, action, fields, answeredTo } = consent
  const hidden = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeText(name)}" value="${escapeText(value)}">`)
    .join('')
  const granted = scopes
    .map(
      (scope) => `<li><code>${escapeText(scope)}</code> ${escapeText(deps.options.scopes[scope] ?? '')}</li>`,
    )
    .join('')
  return page({
    title: `Let ${program} in?`,
    paragraphs: [`It will act as ${account}, and may:`],
    action: `<ul>${granted}</ul><p>${escapeText(advice)}</p><form method="post" action="${escapeText(action)}">${hidden}<button name="decision" value="approve">Allow</button> <button class="quiet" name="decision" value="deny">Deny</button></form>`,
    ...(answeredTo === undefined ? {} : { answeredTo }),
  })
}

/** Asks for the code that a program shows. */
export function codePage(problem?: string): Response {
  const complaint = problem === undefined ? [] : [problem]
  return page({
    title: 'Connect a device',
    paragraphs: [...complaint, 'Type the code that the program shows you.'],
    action:
      '<form method="get" action="/device"><label>Code <input name="user_code" required autofocus autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="16" placeholder="BCDF-GHJK"></label><button>Continue</button></form>',
  })
}
