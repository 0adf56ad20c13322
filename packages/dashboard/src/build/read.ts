import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** The built pages, read whole into memory: what is not in here cannot be served. */
export interface Build {
  /** The document, with its placeholders still in it. */
  readonly document: string
  /** By file name, as it stands below `/token-manager/assets/`. */
  readonly assets: ReadonlyMap<string, Asset>
}

export interface Asset {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** The package was started without its built pages. Build it first: `npm run build -w packages/dashboard`. */
export class PagesNotBuiltError extends Error {
  readonly code = 'pages_not_built'

  constructor(looked: readonly string[]) {
    super(
      `The pages of @portcullis/dashboard are not built: no index.html in ${looked.join(' or ')}. ` +
        'Run "npm run build -w packages/dashboard" first.',
    )
    this.name = 'PagesNotBuiltError'
  }
}

/**
 * Reads the first of these directories that holds a build.
 *
 * @throws PagesNotBuiltError (`pages_not_built`) when none does.
 */
export function readBuild(directories: readonly string[]): Build {
  const directory = directories.find((candidate) => existsSync(join(candidate, 'index.html')))
  if (directory === undefined) throw new PagesNotBuiltError(directories)
  return {
    document: readFileSync(join(directory, 'index.html'), 'utf8'),
    assets: readAssets(join(directory, 'assets')),
  }
}

function readAssets(directory: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>()
  for (const file of readdirSync(directory, { withFileTypes: true })) {
    const type = TYPES[extname(file.name)]
    if (!file.isFile() || type === undefined) continue
    assets.set(file.name, { type, bytes: new Uint8Array(readFileSync(join(directory, file.name))) })
  }
  return assets
}
