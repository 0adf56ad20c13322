export type { LeastRole } from '../authorization/roles.js'
export { checkForwarder } from './server/check-server.js'
export { guardExpectations } from './server/expectations.js'
export { guardServer, type ServerGuards } from './server/guard-server.js'
export { checkMount, decideFor, decideIfSent, type Need, refusalUnless } from './server/guards.js'
export { inTurn } from './server/in-turn.js'
export { type Handler, listener } from './server/listener.js'
export {
  type Answer,
  admit,
  decide,
  type NodeRequest,
  requestOf,
  sendResponse,
  viewOf,
} from './server/node.js'
export { guardUpgrades, type UpgradeHandler } from './server/upgrades.js'
