import type { Admission, Verdict } from '@portcullis/core/proxy'

/** Lets an account run so many calls at once, of the listed models only. */
export function limitCalls(atOnce: number, models: readonly unknown[]): Admission {
  const running = new Map<string, number>()
  return {
    name: 'limit-calls',
    readBody: ({ path }) => (path.startsWith('/v1/') ? { members: ['model'] } : undefined),
    admit({ identity: { accountId }, body }) {
      if (body.state === 'unread') return refuse(400, 'body_unread', 'Send the body as JSON, uncompressed.')
      if (body.state === 'read' && !models.includes(body.members.model))
        return refuse(403, 'model_refused', 'This model is not for you.')
      const before = running.get(accountId) ?? 0
      if (before >= atOnce) return refuse(429, 'too_many_calls', 'Wait until a call of yours has ended.')
      running.set(accountId, before + 1)
      return { observer: { end: () => void release(accountId) } }
    },
  }

  function release(accountId: string): void {
    const left = (running.get(accountId) ?? 1) - 1
    if (left > 0) running.set(accountId, left)
    else running.delete(accountId)
  }
}

function refuse(status: number, code: string, detail: string): Verdict {
  return { refuse: { status, code, detail } }
}
