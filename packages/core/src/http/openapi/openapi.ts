import { IDEMPOTENCY_HEADER, LONGEST_IDEMPOTENCY_KEY } from '../../idempotency/key.js'
import { IDEMPOTENCY_SECONDS } from '../../idempotency/once.js'
import type { RouteSchema } from '../../plugin/route.js'
import type { Route } from '../route.js'
import { errorSchemas, mediaOf, responsesOf, schemaOf } from './responses.js'
import { type DocumentedOptions, securityOf, securitySchemes } from './security.js'

/** The route table as OpenAPI 3.1, from the very schemas that check requests. */
export function openApiDocument(routes: readonly Route[], options: DocumentedOptions) {
  const { publicUrl } = options
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    Object.assign(paths[route.path] ?? {}, { [route.method.toLowerCase()]: operationOf(route, options) })
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Portcullis', version: '1', description: 'Login, tokens and administration of the gate.' },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: errorSchemas(routes),
      securitySchemes: securitySchemes(routes, options),
    },
  }
}

function operationOf(route: Route, options: DocumentedOptions) {
  return {
    summary: route.summary,
    operationId:
      `${route.method.toLowerCase()}${route.path.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())}`.replace(
        /\W/g,
        '',
      ),
    security: securityOf(route, options),
    parameters: [
      ...pathParameters(route.path),
      ...queryParameters(route.query),
      ...originParameter(route, options),
      ...idempotencyParameter(route),
    ],
    ...(route.body && {
      requestBody: { required: true, content: { [mediaOf(route)]: { schema: schemaOf(route.body) } } },
    }),
    ...(route.form && {
      requestBody: {
        required: true,
        content: { 'application/x-www-form-urlencoded': { schema: schemaOf(route.form) } },
      },
    }),
    responses: responsesOf(route),
  }
}

function pathParameters(path: string) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: RouteSchema | undefined) {
  if (!query) return []
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, unknown>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

function idempotencyParameter(route: Route) {
  if (!route.idempotent) return []
  const description = `New for each credential that is wanted. For ${IDEMPOTENCY_SECONDS / 3600} hours the same request with the same key gets the same answer; another request is 422, a credential that has ended since 409`
  const schema = { type: 'string', minLength: 1, maxLength: LONGEST_IDEMPOTENCY_KEY }
  return [{ name: IDEMPOTENCY_HEADER, in: 'header', required: false, description, schema }]
}

/** What browsers add by themselves; a program that acts for one has to. */
function originParameter(route: Route, options: DocumentedOptions) {
  const takesSession = securityOf(route, options).some((requirement) => 'session' in requirement)
  const actsOnCookies = takesSession || (route.access === 'public' && route.errors !== 'oauth')
  if (route.method === 'GET' || !actsOnCookies) return []
  const description = 'Of the page that sends the request, where a session or its cookie is changed by it'
  return [
    { name: 'Origin', in: 'header', required: false, description, schema: { const: options.publicUrl } },
  ]
}
