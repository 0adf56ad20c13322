import type { RouteSchema } from '../../plugin/route.js'
import type { Route } from '../route.js'

const text = { type: 'string' }

const ERROR_SCHEMAS = {
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    required: ['type', 'title', 'status', 'code', 'detail', 'error'],
    properties: {
      type: { ...text, format: 'uri-reference', description: 'A page that explains the code' },
      title: text,
      status: { type: 'integer' },
      code: { ...text, description: 'Stable; switch on this one' },
      detail: text,
      error: { ...text, description: 'The title again, for older clients' },
    },
  },
  OAuthError: {
    type: 'object',
    description: 'RFC 6749 §5.2',
    required: ['error'],
    properties: { error: text, error_description: text },
  },
}

/** Schemas of errors: those of core, and of the forms that these routes bring. */
export function errorSchemas(routes: readonly Route[]): Readonly<Record<string, object>> {
  const forms = routes.flatMap(({ errors }) => (typeof errors === 'object' ? [errors] : []))
  return { ...Object.fromEntries(forms.map(({ name, schema }) => [name, schema])), ...ERROR_SCHEMAS }
}

const HTML = { 'text/html': { schema: text } }

const reference = (name: string) => ({ schema: { $ref: `#/components/schemas/${name}` } })

/** A message that is not sound HTTP is refused before anyone looks at its route: as a problem, everywhere. */
const PROBLEM = { 'application/problem+json': reference('Problem') }

/** What a person at a browser gets is a page. */
function refusalsOf({ errors }: Route) {
  if (errors === undefined) return { ...PROBLEM, ...HTML }
  const own =
    errors === 'oauth'
      ? { 'application/json': reference('OAuthError') }
      : { [errors.mediaType]: reference(errors.name) }
  return { ...own, ...PROBLEM, ...HTML }
}

const header = (description: string, required = false) => ({ description, required, schema: text })

const RETRY_AFTER = { 'Retry-After': header('Seconds (RFC 9110 §10.2.3)', true) }

export function responsesOf(route: Route) {
  const status = route.status ?? 200
  const content = refusalsOf(route)
  const isIdentified = route.access !== 'public'
  return {
    ...(isIdentified && route.method === 'GET' && !route.errors && !route.otherwise
      ? { 302: redirection('A browser without a session: to log in, and back') }
      : {}),
    [status]: success(route, status, 'Done'),
    ...Object.fromEntries(
      Object.entries(route.otherwise ?? {}).map(([other, answered]) => [
        other,
        success(answered, Number(other), answered.description),
      ]),
    ),
    ...((isIdentified || route.clients) && {
      401: {
        description: 'Not, or not validly, authenticated',
        headers: { 'WWW-Authenticate': header('How to (RFC 9110 §11.6.1)', true) },
        content,
      },
    }),
    ...((isIdentified || route.limit) && {
      429: { description: 'Too often', headers: RETRY_AFTER, content },
    }),
    503: unavailable(route, content),
    default: { description: 'Refused, or not possible', content },
  }
}

type Answered = Pick<Route, 'errors' | 'answer' | 'media' | 'headers'>

function success(answered: Answered, status: number, description: string) {
  if (status === 302) return redirection(description)
  const content = contentOf(answered)
  const { headers } = answered
  return {
    description,
    ...(headers && { headers: headersOf(headers) }),
    ...(content && { content }),
  }
}

function headersOf(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(headers).map(([name, said]) => [name, header(said, true)]))
}

function contentOf(answered: Answered): Record<string, unknown> | undefined {
  if (answered.media === 'text/html') return HTML
  return answered.answer && { [mediaOf(answered)]: { schema: schemaOf(answered.answer) } }
}

function redirection(description: string) {
  return { description, headers: { Location: header('Where to', true) } }
}

/** Where the route itself answers with this status, it may still have failed. */
function unavailable(route: Route, content: object) {
  const own = route.otherwise?.[503]
  return {
    description: own?.description ?? 'For the moment, or not in time',
    headers: RETRY_AFTER,
    content: { ...(own && contentOf(own)), ...content },
  }
}

/** Media type of what a route takes and gives. */
export function mediaOf({ errors, media }: Answered): string {
  return media ?? (typeof errors === 'object' ? errors.mediaType : 'application/json')
}

export function schemaOf(schema: RouteSchema): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = schema['~standard'].jsonSchema.input({
    target: 'draft-2020-12',
    libraryOptions: { unrepresentable: 'any' },
  })
  return rest
}
