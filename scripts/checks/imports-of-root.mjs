// Proves that importing `@portcullis/core` loads jose and nothing else from node_modules: a hook on module
// resolution records every module that the built root entry pulls in.
import { register } from 'node:module'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'

const subject = '@portcullis/core'
const allowed = 'jose'
const hook = `
  let port
  export const initialize = (given) => { port = given }
  export const resolve = async (specifier, context, next) => {
    const resolved = await next(specifier, context)
    port.postMessage(resolved.url)
    return resolved
  }
`
const { port1, port2 } = new MessageChannel()
register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: port2, transferList: [port2] })

await import(subject)

const loaded = [...new Set(resolvedUrls().flatMap(packageOf))].sort().join(', ')
port1.close()
if (loaded === allowed) {
  console.log(`importing ${subject} loads ${allowed} alone`)
} else {
  console.error(`importing ${subject} loads ${loaded || 'no package'}; it should load ${allowed} alone`)
  process.exitCode = 1
}

/** @returns {string[]} */
function resolvedUrls() {
  const urls = []
  for (let next = receiveMessageOnPort(port1); next !== undefined; next = receiveMessageOnPort(port1)) {
    urls.push(next.message)
  }
  return urls
}

/** @param {string} url */
function packageOf(url) {
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
  return name === undefined ? [] : [name]
}
