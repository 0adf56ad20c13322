import { done, type Outcome } from '../errors/outcome.js'
import { headerValues } from '../request/head.js'
import type { RequestView } from '../request/view.js'
import { isClientSecret, type OAuthClient } from './clients.js'
import { refusedClient } from './denials.js'
import { clientWithId, type OAuthServer } from './server.js'

/** What a form says of its client (RFC 6749 §2.3.1). */
export interface ClientFields {
  readonly client_id?: string | undefined
  readonly client_secret?: string | undefined
}

/**
 * The client that sends a form: by Basic authentication, by secret in the form, or by its id alone when it is public.
 * Refused with `client_invalid`.
 */
export function authenticateClient(
  server: Pick<OAuthServer, 'clients'>,
  view: RequestView,
  fields: ClientFields,
): Outcome<OAuthClient> {
  const [authorization, ...more] = headerValues(view.rawHeaders, 'authorization')
  if (more.length > 0) return refusedClient()
  if (authorization !== undefined) {
    if (fields.client_secret !== undefined) return refusedClient()
    for (const { id, secret } of readBasic(authorization)) {
      const isNamed = fields.client_id === undefined || fields.client_id === id
      const client = isNamed ? check(server, id, secret) : undefined
      if (client?.ok) return client
    }
    return refusedClient()
  }
  return check(server, fields.client_id, fields.client_secret)
}

function check(
  server: Pick<OAuthServer, 'clients'>,
  id: string | undefined,
  secret: string | undefined,
): Outcome<OAuthClient> {
  const client = clientWithId(server, id)
  return client && isClientSecret(client, secret) ? done(client) : refusedClient()
}

interface BasicCredentials {
  readonly id: string
  readonly secret: string
}

/**
 * RFC 6749 §2.3.1: both parts are form-encoded before they are joined. curl and others join them as they are, so that
 * they are read that way too.
 */
function readBasic(authorization: string): readonly BasicCredentials[] {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1]
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? []
  if (id === undefined || secret === undefined) return []
  const raw = { id, secret }
  try {
    return [{ id: decodeForm(id), secret: decodeForm(secret) }, raw]
  } catch {
    return [raw]
  }
}

function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
