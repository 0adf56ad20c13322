import type { CoreOptions } from '../context/options.js'
import type { Plugin } from '../plugin/plugin.js'

/** What `createGate` takes. */
export interface GateOptions<Plugins extends readonly Plugin[] = readonly Plugin[]> extends CoreOptions {
  /** What is added to the gate: its names, routes, scopes and codes. Started in this order, closed in the reverse. */
  readonly plugins?: Plugins
}
