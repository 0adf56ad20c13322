const ADVICE =
  'give a URL such as redis://user:password@redis.example.com:6379/0, or rediss:// for TLS, with host and without query'

/**
 * What is wrong with the URL of a Redis, or undefined. It names a host and at most a database, which in a Cluster is 0:
 * what else could stand there, such as a database in the query, the client would read as options of its own. Never
 * quotes the URL.
 */
export function redisUrlProblem(text: string, { isCluster = false } = {}): string | undefined {
  if (!URL.canParse(text)) return ADVICE
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text)
  if (!/^rediss?:$/.test(protocol) || hostname === '' || search !== '' || hash !== '' || /[?#]/.test(text))
    return ADVICE
  if (!isDecodable(username) || !isDecodable(password)) return 'percent-encode user and password'
  const [, database] = /^\/?(0|[1-9]\d{0,8})?$/.exec(pathname) ?? [undefined, 'none']
  if (database === 'none') return 'give the number of a database after the host, such as /0, or nothing'
  if (isCluster && database !== undefined && database !== '0') return 'a Cluster has database 0 alone'
  return undefined
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
