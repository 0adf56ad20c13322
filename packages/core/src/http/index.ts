export { admit, type NodeRequest, requestOf, sendResponse, viewOf } from './node.js'
