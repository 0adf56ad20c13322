import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

interface Schema {
  readonly [name: string]: unknown
}

interface Described {
  readonly headers?: Readonly<Record<string, { required?: boolean }>>
  readonly content?: Readonly<Record<string, { schema: Schema }>>
}

export interface Operation {
  readonly operationId: string
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters: readonly {
    readonly name: string
    readonly in: 'path' | 'query' | 'header'
    readonly schema: { readonly const?: string }
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
  readonly responses: Readonly<Record<string, Described>>
}

type Scheme =
  | { readonly type: 'http'; readonly scheme: 'bearer' | 'basic' }
  | { readonly type: 'apiKey'; readonly in: 'cookie' | 'header'; readonly name: string }

export interface OpenApiDocument {
  readonly servers: readonly { url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly securitySchemes: Readonly<Record<string, Scheme>>
  }
}

export interface Input {
  readonly parameters?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** Credentials by the names of the document's security schemes. */
export type Wallet = Readonly<Record<string, string>>

export interface Answered {
  readonly status: number
  /** In what the answer is not as the document describes it. */
  readonly surprises: readonly string[]
}

/** A client that knows of an API what its document says and nothing else. */
export function clientOf(document: OpenApiDocument) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const schemes = document.components.securitySchemes

  const call = async (operationId: string, input: Input, wallet: Wallet): Promise<Answered> => {
    const found = operations.find(({ operation }) => operation.operationId === operationId)
    if (!found) throw new Error(`The document has no ${operationId}`)
    const { path, method, operation } = found
    const url = new URL((document.servers[0]?.url ?? '') + fill(path, input))
    for (const { name, in: place } of operation.parameters) {
      const value = input.parameters?.[name]
      if (place === 'query' && value !== undefined) url.searchParams.set(name, value)
    }
    const headers = new Headers()
    for (const { name, in: place, schema } of operation.parameters) {
      const value = input.parameters?.[name] ?? schema.const
      if (place === 'header' && value !== undefined) headers.set(name, value)
    }
    for (const [name, secret] of Object.entries(wallet)) present(headers, schemes[name], secret)
    const [mediaType] = Object.keys(operation.requestBody?.content ?? {})
    if (mediaType !== undefined) headers.set('content-type', mediaType)
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      ...(mediaType === undefined ? {} : { body: write(mediaType, input.body ?? {}) }),
    })
    return { status: response.status, surprises: await surprisesOf(document, operation, response) }
  }

  return { operations: operations.map(({ operation }) => operation), call }
}

function fill(path: string, { parameters = {} }: Input): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''))
}

function present(headers: Headers, scheme: Scheme | undefined, secret: string) {
  if (!scheme) throw new Error('The document has no such security scheme')
  if (scheme.type === 'http') {
    const value = scheme.scheme === 'basic' ? Buffer.from(secret).toString('base64') : secret
    headers.set('authorization', `${scheme.scheme === 'basic' ? 'Basic' : 'Bearer'} ${value}`)
  } else if (scheme.in === 'cookie') headers.set('cookie', `${scheme.name}=${secret}`)
  else headers.set(scheme.name, secret)
}

function write(mediaType: string, body: Readonly<Record<string, unknown>>): string {
  if (mediaType !== 'application/x-www-form-urlencoded') return JSON.stringify(body)
  return new URLSearchParams(body as Record<string, string>).toString()
}

async function surprisesOf(
  document: OpenApiDocument,
  { responses }: Operation,
  response: Response,
): Promise<string[]> {
  const described = responses[response.status] ?? (response.status >= 400 ? responses.default : undefined)
  const body = await response.text()
  if (!described) return [`status ${response.status} is not described`]
  const missing = Object.entries(described.headers ?? {})
    .filter(([name, { required }]) => required && !response.headers.has(name))
    .map(([name]) => `no ${name}`)
  const mediaType = response.headers.get('content-type')?.split(';')[0]
  if (mediaType === undefined) return described.content ? [...missing, 'no content'] : missing
  const media = described.content?.[mediaType]
  if (!media) return [...missing, `${mediaType} is not described`]
  if (mediaType === 'text/html') return missing
  return [...missing, ...mistakes(document, media.schema, JSON.parse(body))]
}

// The document itself is validated by a test of its own.
const ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false })
formats.default(ajv)

/** Members that are not described are mistakes too, though the document lets newer gates have more. */
function mistakes(document: OpenApiDocument, schema: Schema, value: unknown): string[] {
  const { schemas } = document.components
  const check = ajv.compile(closed({ ...schema, components: { schemas } }) as Schema)
  if (check(value)) return []
  return (check.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  )
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  const isObject = inner.type === 'object' && 'properties' in inner
  return isObject && !('additionalProperties' in inner) ? { ...inner, additionalProperties: false } : inner
}
