import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Connection, LEFT } from '../../src/request/connection.js'

describe('requests that are sent without waiting for an answer', () => {
  it('are judged one after another, in the order in which they came', async () => {
    const connection = Connection.of(new PassThrough())
    const order: string[] = []
    const judge = (name: string) => async () => {
      order.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      order.push(`${name} ends`)
      return name
    }
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => connection.judgeInOrder(judge(name))))
    expect(answers).toEqual(['a', 'b', 'c'])
    expect(order).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  it('are not judged when their client has left before the first was, a thousand of them', async () => {
    const socket = new PassThrough()
    const connection = Connection.of(socket)
    let judged = 0
    const answers = Array.from({ length: 1000 }, () => connection.judgeInOrder(async () => (judged += 1)))
    socket.destroy()
    expect(new Set(await Promise.all(answers))).toEqual(new Set([LEFT]))
    expect(judged).toBe(0)
  })

  it('are not judged once their client has left: a thousand of them cost what one costs', async () => {
    const socket = new PassThrough()
    const connection = Connection.of(socket)
    await connection.read()
    let judged = 0
    const judge = async () => {
      judged += 1
      await new Promise((resolve) => setImmediate(resolve))
      return judged
    }
    const answers = Array.from({ length: 1000 }, () => connection.judgeInOrder(judge))
    socket.destroy()
    expect((await Promise.all(answers)).filter((answer) => answer === LEFT)).toHaveLength(999)
    expect(judged).toBe(1)
  })

  it('go on after one whose judgement failed', async () => {
    const connection = Connection.of(new PassThrough())
    const failing = connection.judgeInOrder(() => Promise.reject(new Error('store')))
    const next = connection.judgeInOrder(async () => 'judged')
    await expect(failing).rejects.toThrow('store')
    expect(await next).toBe('judged')
  })
})
