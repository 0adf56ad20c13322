import type { GateEvent } from '../context/event.js'
import type { GateOptions, Pages } from '../context/options.js'
import type { ProblemRenderer, RenderedProblem } from '../errors/problem.js'

type Report = (event: GateEvent) => void

/** A log hook that throws or rejects takes nothing down with it. */
export function quietly(onEvent: GateOptions['onEvent'] = () => {}): Report {
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

/** Pages of which only a plain `true` counts: a promise is truthy, and would make every page public. */
export function isolatePages(pages: Pages): Pages {
  return {
    owns: (path) => isTrue(pages.owns(path)),
    isPublic: (path) => isTrue(pages.isPublic(path)),
    handle: async (request) => {
      const response = await pages.handle(request)
      if (!(response instanceof Response)) throw new TypeError('pages.handle answers a Response')
      return response
    },
  }
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
