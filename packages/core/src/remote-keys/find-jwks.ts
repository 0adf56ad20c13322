import { isLoopback } from '../encoding/loopback.js'
import { fetchJsonObject, NotADocument } from './fetch-json.js'
import { mayBeFetched, metadataUrls } from './issuer-url.js'

/**
 * Where an issuer says that its keys are. Its metadata must name exactly this issuer (RFC 8414 §3.3), or one issuer
 * could pass off its keys as another's.
 */
export async function findJwksUri(
  issuer: string,
  access: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<string> {
  const metadata = await fetchMetadata(metadataUrls(issuer), access)
  if (metadata.issuer !== issuer) throw new NotADocument('The metadata is of another issuer')
  const { jwks_uri: uri } = metadata
  if (!mayBeFetched(uri)) throw new NotADocument('The metadata names no jwks_uri that may be fetched')
  if (isLoopback(new URL(uri)) && !isLoopback(new URL(issuer)))
    throw new NotADocument('The metadata of a remote issuer names a jwks_uri on this machine')
  return uri
}

/** A server that serves a page for every path answers at the first place too; that is no reason not to ask at the next. */
async function fetchMetadata(
  urls: readonly string[],
  access: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  let failure: unknown
  for (const url of urls) {
    try {
      return await fetchJsonObject(url, access)
    } catch (error) {
      if (!(error instanceof NotADocument)) throw error
      failure = error
    }
  }
  throw failure
}
