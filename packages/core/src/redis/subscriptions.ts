import { Cluster, type Redis } from 'ioredis'
import type { RedisClient } from './scripts.js'
import type { Publisher } from './watch.js'

/** Ends when it is lost: the watch has to know, and begins the next itself. */
const ENDING = {
  autoResubscribe: false,
  enableAutoPipelining: false,
  lazyConnect: false,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
} as const

/** A connection for a watch: to the one server, or to any node of a Cluster, which pass notices on to each other. */
export function connectSubscriber(client: RedisClient): Redis | undefined {
  if (!(client instanceof Cluster)) return client.duplicate(ENDING)
  const nodes = client.nodes('all')
  return nodes[Math.floor(Math.random() * nodes.length)]?.duplicate(ENDING)
}

/** Every master. A notice that one of them cannot get through to us would go unnoticed otherwise. */
export function publishersOf(client: RedisClient): readonly Publisher[] {
  if (!(client instanceof Cluster))
    return [{ name: 'master', publish: (channel, message) => client.publish(channel, message) }]
  return client.nodes('master').map((node) => ({
    name: `${node.options.host}:${node.options.port}`,
    publish: (channel, message) => node.publish(channel, message),
  }))
}

/** Elsewhere the one server that publishes is the one that we listen to. */
export function onPublisherLost(client: RedisClient, lost: () => void): () => void {
  if (!(client instanceof Cluster)) return () => {}
  client.on('-node', lost)
  return () => void client.off('-node', lost)
}
