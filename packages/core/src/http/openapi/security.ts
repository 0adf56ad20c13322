import type { Presentation, Proven } from '../../authentication/credential-kind.js'
import type { ResolvedOptions } from '../../context/options.js'
import { cookieNames } from '../../sessions/cookie.js'
import type { Route } from '../route.js'

/** What of a gate's options its document tells. */
export type DocumentedOptions = Pick<ResolvedOptions, 'publicUrl' | 'secure' | 'requiredScope'> & {
  /** Those of plugins that come in a header of their own. */
  readonly kinds?: readonly Pick<Presentation<Proven>, 'name' | 'headers' | 'description'>[]
}

type Requirement = Readonly<Record<string, readonly string[]>>

/** The credentials that the gate reads. */
export function securitySchemes(routes: readonly Route[], { secure, kinds = [] }: DocumentedOptions) {
  const own = routes.flatMap(({ access }) => (typeof access === 'object' ? [access] : []))
  return {
    ...Object.fromEntries(
      own.map(({ name, description }) => [name, { type: 'http', scheme: 'bearer', description }]),
    ),
    ...Object.fromEntries(
      kinds.map(({ name, headers: [header = ''] = [], description }) => [
        name,
        { type: 'apiKey', in: 'header', name: header, ...(description && { description }) },
      ]),
    ),
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: cookieNames(secure).session,
      description:
        'The session of a browser. What changes something is taken from pages of this origin only.',
    },
    token: {
      type: 'http',
      scheme: 'bearer',
      description: 'A token or an API key. A requirement lists the scope that it must carry.',
    },
    apiKey: {
      type: 'apiKey',
      in: 'header',
      name: 'x-api-key',
      description: 'The same token or API key, as some clients send it.',
    },
    client: {
      type: 'http',
      scheme: 'basic',
      description: 'An OAuth client with a secret (RFC 6749 §2.3.1); it may send both in the form instead.',
    },
  }
}

/** Every requirement is one way to use a route. */
export function securityOf(route: Route, options: DocumentedOptions): readonly Requirement[] {
  if (route.clients === 'client') return [{ client: [] }, {}]
  if (route.clients === 'client_or_admin') return [{ client: [] }, { token: ['admin'] }, {}]
  const { access } = route
  if (typeof access === 'object') return [{ [access.name]: [] }]
  switch (access) {
    case 'public':
      return []
    case 'person':
      return [{ session: [] }]
    case 'bearer':
      return [{ token: [] }]
    case 'account':
      return [{ session: [] }, ...byBearer(['tokens:write'])]
    case 'identified':
      return [{ session: [] }, ...byBearer([options.requiredScope]), ...byKinds(options)]
    case 'admin':
    case 'super_admin':
      return [{ session: [] }, ...byBearer(['admin']), ...byKinds(options)]
  }
}

function byKinds({ kinds = [] }: DocumentedOptions): readonly Requirement[] {
  return kinds.map(({ name }) => ({ [name]: [] }))
}

function byBearer(scopes: readonly string[]): readonly Requirement[] {
  return [{ token: scopes }, { apiKey: scopes }]
}
