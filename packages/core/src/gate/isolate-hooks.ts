import type { GateEvent } from '../context/event.js'
import type { CoreOptions, Pages, UsageInstructions } from '../context/options.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import type { ProblemRenderer, RenderedProblem } from '../errors/problem.js'
import type { IdentityProvider } from '../login/identity-provider.js'

type Report = (event: GateEvent) => void

/** A log hook that throws or rejects takes nothing down with it. */
export function quietly(onEvent: CoreOptions['onEvent'] = () => {}): Report {
  return (event) => {
    try {
      settle(onEvent(event))
    } catch {}
  }
}

/** A renderer that throws, or answers what is no rendered problem, is reported and passed over. */
export function isolateRenderer(render: ProblemRenderer, report: Report): ProblemRenderer {
  const fail = (cause: unknown) => {
    report({ level: 'error', code: 'problem_renderer_failed', detail: 'A problem was not shaped', cause })
    return undefined
  }
  return (problem, path) => {
    try {
      const rendered: unknown = render(problem, path)
      if (rendered === undefined || isRendered(rendered)) return rendered
      settle(rendered)
      return fail(new TypeError('a problem renderer answers { contentType, body } or undefined'))
    } catch (cause) {
      return fail(cause)
    }
  }
}

const callWithCurl: UsageInstructions = ({ token, publicUrl }) => ({
  curl: `curl ${publicUrl}/ -H "authorization: Bearer ${token}"`,
})

/** Instructions that fail are reported and left out: the token that they are about has been issued by then. */
export function isolateUsage(
  instruct: UsageInstructions = callWithCurl,
  publicUrl: string,
  report: Report,
): (token: string) => Readonly<Record<string, string>> {
  const detail = 'An answer that issued a token has no usage instructions'
  return (token) => {
    try {
      const usage: unknown = instruct({ token, publicUrl })
      if (isTexts(usage)) return usage
      settle(usage)
      throw new TypeError('usageInstructions answers an object of texts')
    } catch (cause) {
      report({ level: 'error', code: 'usage_instructions_failed', detail, cause })
      return {}
    }
  }
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || value instanceof Promise || Array.isArray(value))
    return false
  return Object.values(value).every((text) => typeof text === 'string')
}

/** What a request waits for in code that is not the gate's is over by then, whatever it waits for itself. */
const HOOK_DEADLINE_MS = 30_000

/**
 * Pages of which only a plain `true` counts: a promise is truthy, and would make every page public. One that is not there in
 * 30 seconds is `page_unavailable`.
 */
export function isolatePages(pages: Pages, deadlineMs = HOOK_DEADLINE_MS): Pages {
  return {
    owns: (path) => isTrue(pages.owns(path)),
    isPublic: (path) => isTrue(pages.isPublic(path)),
    handle: async (request) => {
      const late = () =>
        new PortcullisError('page_unavailable', `pages.handle took more than ${deadlineMs} ms`)
      const response = await within(deadlineMs, async () => pages.handle(request), late)
      if (!(response instanceof Response)) throw new TypeError('pages.handle answers a Response')
      return response
    },
  }
}

/**
 * A provider whose every method answers within 30 seconds, or rejects with `provider_unavailable`, and is ready only when it
 * says `true`.
 */
export function isolateProvider(provider: IdentityProvider, deadlineMs = HOOK_DEADLINE_MS): IdentityProvider {
  const bounded = <T>(method: string, ask: () => Promise<T>): Promise<T> => {
    const message = `identityProvider.${method} took more than ${deadlineMs} ms`
    return within(deadlineMs, ask, () => new PortcullisError('provider_unavailable', message))
  }
  const { issuer, verifyLogoutToken } = provider
  return {
    issuer,
    begin: (challenge) => bounded('begin', async () => provider.begin(challenge)),
    complete: (callback, challenge) =>
      bounded('complete', async () => provider.complete(callback, challenge)),
    logoutUrl: (logout) => bounded('logoutUrl', async () => provider.logoutUrl(logout)),
    ...(verifyLogoutToken && {
      verifyLogoutToken: (token: string) =>
        bounded('verifyLogoutToken', async () => verifyLogoutToken.call(provider, token)),
    }),
    ready: () => bounded('ready', async () => (await provider.ready()) === true),
  }
}

/** What `ask` answers or rejects with; `late()` when that takes too long, and what comes then is dropped. */
export async function within<T>(milliseconds: number, ask: () => Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds)
  })
  return Promise.race([ask(), isLate]).finally(() => clearTimeout(timer))
}

function isTrue(answer: unknown): boolean {
  settle(answer)
  return answer === true
}

function isRendered(rendered: unknown): rendered is RenderedProblem {
  const { contentType, body } = (rendered ?? {}) as Partial<RenderedProblem>
  if (typeof contentType !== 'string' || typeof body !== 'string') return false
  new Headers({ 'content-type': contentType })
  return true
}

/** A promise where none belongs: nobody waits for it, and its failure would end the process. */
function settle(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => {})
}
