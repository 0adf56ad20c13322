import type { ResolvedOptions } from '../context/options.js'

export const FOREIGN_RESOURCE = 'The resource is not behind this gate.'

/** RFC 8707 §2: whatever is behind this gate is one resource, by the name of its audience or any address of it. */
export function isOwnResource(
  resource: string,
  { audience, publicUrl }: Pick<ResolvedOptions, 'audience' | 'publicUrl'>,
): boolean {
  if (resource === audience) return true
  return URL.canParse(resource) && !resource.includes('#') && new URL(resource).origin === publicUrl
}
