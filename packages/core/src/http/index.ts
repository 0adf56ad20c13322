export { decideFor, decideIfSent, type LeastRole, type Need, refusalUnless } from './guards.js'
export { type Handler, listener } from './listener.js'
export { type Answer, admit, decide, type NodeRequest, requestOf, sendResponse, viewOf } from './node.js'
export { guardUpgrades } from './upgrades.js'
