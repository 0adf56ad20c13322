/// <reference path="./lua.d.ts" />
import type { Cluster, Redis } from 'ioredis'
import commit from './scripts/commit.lua'
import count from './scripts/count.lua'
import page from './scripts/page.lua'
import read from './scripts/read.lua'

export type RedisClient = Redis | Cluster

type Command = (keyCount: number, ...input: (string | number)[]) => Promise<unknown>

/** Our scripts as commands of the client: sent as `EVALSHA`, and whole where a server does not know them yet. */
export interface Scripts {
  readonly portcullisCommit: Command
  readonly portcullisRead: Command
  readonly portcullisPage: Command
  readonly portcullisCount: Command
}

export function withScripts(client: RedisClient): Scripts {
  client.defineCommand('portcullisCommit', { lua: commit })
  client.defineCommand('portcullisRead', { lua: read, readOnly: false })
  client.defineCommand('portcullisPage', { lua: page })
  client.defineCommand('portcullisCount', { lua: count })
  return client as unknown as Scripts
}
