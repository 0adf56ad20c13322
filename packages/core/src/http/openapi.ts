import { z } from 'zod'
import type { ResolvedOptions } from '../options.js'
import type { Route } from './route.js'

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'error'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable; switch on this one' },
    detail: { type: 'string' },
    error: { type: 'string', description: 'The title again, for older clients' },
  },
}

/** The route table as OpenAPI 3.1, from the very schemas that check requests. */
export function openApiDocument(routes: readonly Route[], { publicUrl }: Pick<ResolvedOptions, 'publicUrl'>) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    Object.assign(paths[route.path] ?? {}, { [route.method.toLowerCase()]: operationOf(route) })
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Portcullis', version: '1', description: 'Login, tokens and administration of the gate.' },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'portcullis_session' },
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        scim: { type: 'http', scheme: 'bearer' },
      },
    },
  }
}

function operationOf(route: Route) {
  const status = String(route.status ?? 200)
  return {
    summary: route.summary,
    operationId:
      `${route.method.toLowerCase()}${route.path.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())}`.replace(
        /\W/g,
        '',
      ),
    security: securityOf(route),
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    ...(route.body && { requestBody: { required: true, content: contentOf(schemaOf(route.body)) } }),
    ...(route.form && { requestBody: { required: true, content: formOf(schemaOf(route.form)) } }),
    responses: {
      [status]: {
        description: 'Done',
        ...(route.answer && { content: contentOf(schemaOf(route.answer)) }),
      },
      default: {
        description: 'Refused, or not possible',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function securityOf(route: Route) {
  if (route.access === 'public') return []
  if (route.access === 'person') return [{ session: [] }]
  if (route.access === 'scim') return [{ scim: [] }]
  return [{ session: [] }, { token: scopesFor(route) }]
}

function scopesFor({ access }: Route): string[] {
  if (access === 'account') return ['tokens:write']
  return access === 'identified' ? ['api'] : ['admin']
}

function schemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

function contentOf(schema: unknown) {
  return { 'application/json': { schema } }
}

function formOf(schema: unknown) {
  return { 'application/x-www-form-urlencoded': { schema } }
}

function pathParameters(path: string) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodType | undefined) {
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
