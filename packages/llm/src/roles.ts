import type { MappedRole } from '@portcullis/core'

/** LiteLLM's names of roles, for `roles` of a trusted issuer. */
export function liteLlmRoles(): Readonly<Record<string, MappedRole>> {
  return { proxy_admin: 'admin', internal_user: 'user', internal_user_viewer: 'viewer' }
}
