import type { Wire } from './frameworks/wiring.js'

const FRAMEWORKS = {
  express: () => import('./frameworks/express.js'),
  koa: () => import('./frameworks/koa.js'),
  fastify: () => import('./frameworks/fastify.js'),
} satisfies Record<string, () => Promise<{ readonly wire: Wire }>>

export type Framework = keyof typeof FRAMEWORKS

/** Loads one framework, and none of the others. */
export async function loadFramework(name: Framework): Promise<Wire> {
  const { wire } = await FRAMEWORKS[name]()
  return wire
}
