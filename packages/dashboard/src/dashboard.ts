import { fileURLToPath } from 'node:url'
import { readBuild } from './build/read.js'
import { checkOptions, type DashboardOptions } from './check-options.js'
import { assetResponse } from './response/asset.js'
import { type DocumentTemplate, documentResponse } from './response/document.js'
import { refusal } from './response/refusal.js'

/** Pages that a gate serves: it asks `owns` with the path of a request, and lets `handle` answer if they do. */
export interface Pages {
  /** Whether these pages answer this path (without query), be it only with 404. */
  owns(path: string): boolean
  /** Whether anyone may have what is at this path: the scripts and styles of the pages, never data. */
  isPublic(path: string): boolean
  /** Answers GET and HEAD; never rejects for anything that a request contains. */
  handle(request: Request): Promise<Response>
}

const PAGE = '/token-manager'
const ASSETS = `${PAGE}/assets/`

/** From the built package, and from its source beside a build. */
const LOCATIONS = ['./pages', '../dist/pages'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/**
 * The web pages: `/token-manager`, where people make, see and revoke their API tokens, and its files below
 * `/token-manager/assets/`.
 *
 * The files hold nothing secret and are public; that only someone logged in gets the page itself is the gate's part. Everything is read here, once: a request is looked up among the known names and never becomes a path.
 *
 * @throws PagesNotBuiltError (`pages_not_built`) when the package was not built.
 * @throws DashboardOptionsError (`configuration_invalid`) that names every option that is unknown or of another kind.
 */
export function dashboard(options: DashboardOptions = {}): Pages {
  checkOptions(options)
  const build = readBuild(LOCATIONS)
  const template: DocumentTemplate = {
    html: build.document,
    productName: options.productName ?? 'Portcullis',
    // Only a parsed origin gets into the policy: a `;` in there would add a directive.
    formOrigins: (options.signOutOrigins ?? []).map((text) => new URL(text).origin),
  }
  return {
    owns: (path) => path === PAGE || path.startsWith(`${PAGE}/`),
    isPublic: (path) => path.startsWith(ASSETS),
    async handle(request) {
      const { method } = request
      const path = new URL(request.url).pathname
      const asset = path.startsWith(ASSETS) ? build.assets.get(path.slice(ASSETS.length)) : undefined
      if (path !== PAGE && asset === undefined) return refusal(404, method)
      if (method !== 'GET' && method !== 'HEAD') return refusal(405, method)
      return asset ? assetResponse(asset, request) : documentResponse(template, method)
    },
  }
}
