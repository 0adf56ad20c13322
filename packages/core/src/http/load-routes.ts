import type { AnyCredentialKind } from '../authentication/credential-kind.js'
import type { GateContext } from '../context/context.js'
import type { RunningPlugin } from '../plugin/plugin.js'
import { routesOfPlugin } from './plugin-routes.js'
import { createRoutes, type Routes } from './router.js'
import { type RouteTable, routeTable } from './table.js'

export interface LoadedRoutes extends Routes {
  readonly table: RouteTable
}

/** Collects the routes of core and of plugins into one table, and mounts it. Rejects with `configuration_invalid`. */
export async function loadRoutes(
  context: GateContext,
  plugins: readonly RunningPlugin[],
): Promise<LoadedRoutes> {
  const kinds = plugins.flatMap(({ started }) => started.credentialKinds ?? []).filter(isInHeader)
  const table = routeTable({ ...context.options, kinds }, await Promise.all(plugins.map(routesOfPlugin)))
  return { table, ...createRoutes(context, table) }
}

function isInHeader({ headers = [] }: AnyCredentialKind): boolean {
  return headers.length > 0
}
