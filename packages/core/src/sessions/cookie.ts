/** `__Host-` binds the cookie to this exact host (RFC 6265bis §4.1.3.2). */
export interface CookieNames {
  readonly session: string
  readonly login: string
}

export function cookieNames(secure: boolean): CookieNames {
  const prefix = secure ? '__Host-' : ''
  return { session: `${prefix}portcullis_session`, login: `${prefix}portcullis_login` }
}

export function writeCookie(
  name: string,
  value: string,
  options: { secure: boolean; maxAgeSeconds: number },
): string {
  const secure = options.secure ? '; Secure' : ''
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${options.maxAgeSeconds}${secure}`
}

export function clearCookie(name: string, secure: boolean): string {
  return writeCookie(name, '', { secure, maxAgeSeconds: 0 })
}
