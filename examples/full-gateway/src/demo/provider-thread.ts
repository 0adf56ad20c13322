// The demo identity provider on a thread of its own: what it computes and stores must not slow down what is served.
import { parentPort, workerData } from 'node:worker_threads'
import type { DemoLog } from './log.js'
import { startDemoProvider } from './provider.js'
import type { DemoOptions, ThreadMessage } from './start-thread.js'

const say = (message: ThreadMessage) => parentPort?.postMessage(message)
const logAs =
  (level: 'info' | 'warn' | 'error') =>
  (fields: unknown, text?: string): void =>
    say({ level, fields, text })
const log = { info: logAs('info'), warn: logAs('warn'), error: logAs('error') } as DemoLog

try {
  const { issuer } = await startDemoProvider({ ...(workerData as DemoOptions), log })
  say({ issuer })
} catch (cause) {
  say({ failed: cause instanceof Error ? cause.message : String(cause) })
}
