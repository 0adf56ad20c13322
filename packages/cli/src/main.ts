#!/usr/bin/env node

import { spawn } from 'node:child_process'
import { homedir } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { run } from './run.js'
import type { World } from './world.js'

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  // What `start` comes down to, without a shell that would read the URL.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

const world: World = {
  // biome-ignore lint/style/noProcessEnv: a program is configured by its environment; only here is it read.
  env: process.env,
  // Whoever has none has no need of it when the environment names a folder.
  get home() {
    return homedir()
  },
  platform: process.platform,
  now: Date.now,
  sleep: (milliseconds) => setTimeout(milliseconds),
  print: (text) => void process.stdout.write(text),
  notify: (text) => void process.stderr.write(text),
  openBrowser(url) {
    const [command, ...rest] = OPENERS[process.platform] ?? ['xdg-open']
    const opener = spawn(command, [...rest, url], { stdio: 'ignore', detached: true })
    opener.once('error', () => world.notify(`no browser could be opened with ${command}\n`))
    opener.unref()
  },
  async uninterrupted(work) {
    let received: NodeJS.Signals | undefined
    const defer = (signal: NodeJS.Signals) => {
      received = signal
    }
    for (const signal of SIGNALS) process.on(signal, defer)
    try {
      return await work()
    } finally {
      for (const signal of SIGNALS) process.off(signal, defer)
      if (received) process.kill(process.pid, received)
    }
  },
}

// Whoever reads the output may stop before its end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1))

process.exitCode = await run(world, process.argv.slice(2))
