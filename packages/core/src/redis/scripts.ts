/// <reference path="./lua.d.ts" />

import { type Cluster, Command, type Redis } from 'ioredis'
import accept from './scripts/accept.lua'
import check from './scripts/check.lua'
import commit from './scripts/commit.lua'
import confirm from './scripts/confirm.lua'
import count from './scripts/count.lua'
import epoch from './scripts/epoch.lua'
import examine from './scripts/examine.lua'
import page from './scripts/page.lua'
import proof from './scripts/proof.lua'
import read from './scripts/read.lua'

export type RedisClient = Redis | Cluster

/** Every script begins with what it has to know of its slot. Most answer only from a slot that is as the caller knows it. */
const SCRIPTS = {
  accept: epoch + accept,
  confirm: epoch + proof + confirm,
  examine: epoch + examine,
  check: epoch + proof + check,
  commit: epoch + proof + commit,
  count: epoch + proof + count,
  page: epoch + proof + page,
  read: epoch + proof + read,
}

export type ScriptName = keyof typeof SCRIPTS

export type RunScript = (
  script: ScriptName,
  keys: readonly string[],
  ...input: readonly (string | number)[]
) => Promise<unknown>

/** More keys than any decision or change of ours needs. */
const PIPELINED_KEYS = 25

/**
 * Our scripts on a client: sent as `EVALSHA`, and whole where a server does not know them yet.
 *
 * ioredis groups what it pipelines by the first argument, which tells the slot only where the number of keys is fixed
 * beforehand; so each number is a command of its own.
 */
export function scriptsOn(client: RedisClient): RunScript {
  const commands = client as unknown as Record<string, (...input: (string | number)[]) => Promise<unknown>>
  for (const [script, lua] of Object.entries(SCRIPTS))
    for (let numberOfKeys = 1; numberOfKeys <= PIPELINED_KEYS; numberOfKeys++) {
      const name = commandOf(script, numberOfKeys)
      if (!commands[name]) client.defineCommand(name, { numberOfKeys, lua })
    }
  return (script, keys, ...input) => {
    const command = commands[commandOf(script, keys.length)]
    if (command) return command.call(client, ...keys, ...input)
    const whole = new Command('eval', [SCRIPTS[script], keys.length, ...keys, ...input], {
      replyEncoding: 'utf8',
    })
    return client.sendCommand(whole) as Promise<unknown>
  }
}

function commandOf(script: string, numberOfKeys: number): string {
  return `portcullis_${script}_${numberOfKeys}`
}
