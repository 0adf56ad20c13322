import { randomUUID } from 'node:crypto'
import { answerKeys, type StoredKey } from './keys.js'
import { problem } from './problem.js'

/**
 * What an API call is answered with instead, until it is cleared: a status, silence, or a broken connection; `lost` breaks
 * it after the call was carried out.
 */
export type Trouble =
  | { status: number; title?: string; detail?: string; code?: string }
  | 'silence'
  | 'broken'
  | 'lost'

export interface StoredToken {
  token_id: string
  token_name: string
  scopes: string[]
  created_at: number
  expires_at: number
  last_used_at?: number
  status: 'active' | 'expired' | 'revoked'
}

export interface Api {
  readonly tokens: StoredToken[]
  readonly keys: StoredKey[]
  /** By path, or by method and path. */
  readonly trouble: Map<string, Trouble>
  readonly calls: { method: string; path: string; body: unknown; idempotencyKey?: string }[]
  signedOut: number
  /** Where logging out leads; the return path of the request by default. */
  signOutLocation: string | undefined
  /** The account's display name, as the identity provider gave it. */
  userName: string | undefined
  answer(request: Request): Promise<Response>
}

const DAY = 86_400
const seconds = () => Math.floor(Date.now() / 1000)

const OPTIONS = {
  success: true,
  scopes: [
    { scope: 'llm:invoke', description: 'Call the models behind the gate', default: true },
    { scope: 'tokens:read', description: 'List your tokens', default: false },
    { scope: 'tokens:write', description: 'Create and revoke your tokens', default: false },
  ],
  min_expires_in: 60,
  max_expires_in: 90 * DAY,
  default_expires_in: 30 * DAY,
  max_name_length: 100,
}

/** The wire contract of the routes that the page calls, over an array. */
export function createApi(): Api {
  const answers: Answers = new Map()
  const api: Api = {
    tokens: [],
    keys: [],
    trouble: new Map(),
    calls: [],
    signedOut: 0,
    signOutLocation: undefined,
    userName: 'Ada Example',
    async answer(request) {
      const { method } = request
      const { pathname } = new URL(request.url)
      const json = request.headers.get('content-type')?.startsWith('application/json')
      const body: unknown = json ? await request.json() : undefined
      const key = request.headers.get('idempotency-key')
      api.calls.push({ method, path: pathname, body, ...(key !== null && { idempotencyKey: key }) })
      const trouble = api.trouble.get(`${method} ${pathname}`) ?? api.trouble.get(pathname)
      if (trouble === 'silence') return new Promise(() => {})
      if (trouble === 'broken') throw new Error('broken on purpose')
      if (trouble && trouble !== 'lost')
        return problem(trouble.status, trouble.title, trouble.detail, trouble.code)
      const answer = once(answers, { key, asked: JSON.stringify([pathname, body]) }, () =>
        answerCall(api, request, body),
      )
      if (trouble === 'lost') throw new Error('lost on purpose')
      return answer
    },
  }
  return api
}

function answerCall(api: Api, request: Request, body: unknown): Response {
  const { method } = request
  const { pathname, searchParams } = new URL(request.url)
  switch (`${method} ${pathname}`) {
    case 'GET /oauth2/userinfo':
      return Response.json(userInfo(api))
    case 'GET /api/token/options':
      return Response.json(OPTIONS)
    case 'GET /api/token/list':
      return Response.json(list(api, searchParams))
    case 'POST /api/token/generate':
      return generate(api, body)
    case 'POST /api/token/revoke':
      return revoke(api, body)
    case 'POST /oauth2/sign_out':
      api.signedOut += 1
      return new Response(null, {
        status: 303,
        headers: { location: api.signOutLocation ?? searchParams.get('rd') ?? '/' },
      })
    default:
      return answerKeys(api.keys, method, pathname, body)
  }
}

type Answers = Map<string, { asked: string; response: Response }>

/** What the Idempotency-Key does at the gate. */
function once(
  answers: Answers,
  { key, asked }: { key: string | null; asked: string },
  answer: () => Response,
): Response {
  const before = key === null ? undefined : answers.get(key)
  if (before && before.asked !== asked) return problem(422, 'Idempotency-Key used before')
  const response = before?.response ?? answer()
  if (key !== null && response.ok) answers.set(key, { asked, response })
  return response.clone()
}

export function storedToken(name: string, changes: Partial<StoredToken> = {}): StoredToken {
  const created = seconds() - 3 * DAY
  return {
    token_id: randomUUID(),
    token_name: name,
    scopes: ['llm:invoke'],
    created_at: created,
    expires_at: created + 30 * DAY,
    status: 'active',
    ...changes,
  }
}

function userInfo(api: Api) {
  return {
    user: 'ada',
    email: 'ada@example.com',
    ...(api.userName !== undefined && { name: api.userName }),
    groups: [],
    role: 'admin',
    expires_at: seconds() + 8 * 3600,
  }
}

function list(api: Api, query: URLSearchParams) {
  const start = Number(query.get('cursor') ?? 0)
  const end = start + Number(query.get('limit') ?? 50)
  return {
    success: true,
    tokens: api.tokens.slice(start, end),
    count: api.tokens.length,
    user_email: 'ada@example.com',
    ...(end < api.tokens.length && { next_cursor: String(end) }),
  }
}

interface Generate {
  token_name?: string
  expires_in: number
  scopes: string[]
}

function generate(api: Api, body: unknown): Response {
  const wanted = body as Generate
  if (!Number.isInteger(wanted.expires_in)) return problem(400, 'Invalid request', 'expires_in is no integer')
  const made = storedToken(wanted.token_name ?? '', {
    scopes: wanted.scopes,
    created_at: seconds(),
    expires_at: seconds() + wanted.expires_in,
  })
  api.tokens.unshift(made)
  const token = `eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.${'dGVzdA'.repeat(40)}.${made.token_id}`
  return Response.json({ success: true, token, ...issued(made, wanted.expires_in, token) }, { status: 201 })
}

function issued(made: StoredToken, expiresIn: number, token: string) {
  return {
    token_type: 'Bearer',
    token_id: made.token_id,
    token_name: made.token_name,
    expires_in: expiresIn,
    expires_at: made.expires_at,
    created_at: made.created_at,
    scopes: made.scopes,
    user_email: 'ada@example.com',
    usage_instructions: {
      curl: `curl https://gate.example/v1/messages \\\n  -H "Authorization: Bearer ${token}"`,
      claude_code: `export ANTHROPIC_BASE_URL=https://gate.example\nexport ANTHROPIC_AUTH_TOKEN=${token}\nclaude`,
      roo_code: `Base URL: https://gate.example/v1\nAPI key: ${token}`,
      openai_sdk: `new OpenAI({\n  baseURL: 'https://gate.example/v1',\n  apiKey: '${token}',\n})`,
    },
  }
}

function revoke(api: Api, body: unknown): Response {
  const { token_id } = body as { token_id: string }
  const found = api.tokens.find((token) => token.token_id === token_id)
  if (!found) return problem(404, 'Token not found')
  found.status = 'revoked'
  return Response.json({ success: true, message: 'Token revoked', token_id })
}
