export type { LeastRole } from '../authorization/roles.js'
export { inTurn } from '../request/connection.js'
export { checkForwarder, checkMount, type Need } from './server/check-server.js'
export { guardExpectations } from './server/expectations.js'
export { guardServer, type ServerGuards } from './server/guard-server.js'
export { decideFor, decideIfSent, refusalUnless } from './server/guards.js'
export {
  type Answer,
  admit,
  decide,
  type Handler,
  listener,
  type NodeRequest,
  requestOf,
  sendResponse,
  viewOf,
} from './server/node.js'
export { guardUpgrades, type UpgradeHandler } from './server/upgrades.js'
