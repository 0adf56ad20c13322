import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Asset } from '../build/read.js'

const compress = promisify(gzip)
const compressed = new WeakMap<Asset, Promise<Uint8Array<ArrayBuffer>>>()

/**
 * A file of the page. Its name carries the hash of its content, so that caches may keep it for ever (RFC 8246);
 * compressed once for all who accept gzip.
 */
export async function assetResponse(asset: Asset, request: Request): Promise<Response> {
  const zipped = acceptsGzip(request.headers.get('accept-encoding') ?? '')
  const body = zipped ? await gzipped(asset) : asset.bytes
  return new Response(request.method === 'HEAD' ? null : body, {
    headers: {
      'content-type': asset.type,
      'content-length': String(body.byteLength),
      ...(zipped && { 'content-encoding': 'gzip' }),
      vary: 'accept-encoding',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
  })
}

/** RFC 9110 §12.5.3, without ranking: gzip is the only coding offered, so that only its refusal (`q=0`) matters. */
function acceptsGzip(accepted: string): boolean {
  return accepted
    .split(',')
    .some((entry) => /^[ \t]*gzip[ \t]*(?:;(?![ \t]*q=0(?:\.0*)?[ \t]*$)|$)/i.test(entry))
}

function gzipped(asset: Asset): Promise<Uint8Array<ArrayBuffer>> {
  const known = compressed.get(asset)
  if (known !== undefined) return known
  const made = compress(asset.bytes, { level: 9 }).then((bytes) => new Uint8Array(bytes))
  compressed.set(asset, made)
  return made
}
