import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

interface Entry {
  readonly payload: AdapterPayload
  readonly expiresAt: number
}

/** The demo provider's sessions, codes and grants: in memory, gone with the process, which is what a demo needs. */
export function memoryRecords(): AdapterFactory {
  const entries = new Map<string, Entry>()

  const find = (test: (payload: AdapterPayload, key: string) => boolean): AdapterPayload | undefined => {
    for (const [key, { payload, expiresAt }] of entries) {
      if (expiresAt <= Date.now()) entries.delete(key)
      else if (test(payload, key)) return payload
    }
    return undefined
  }

  return (model): Adapter => {
    const keyOf = (id: string) => `${model}:${id}`
    const isOurs = (key: string) => key.startsWith(`${model}:`)
    return {
      async upsert(id, payload, expiresIn) {
        const expiresAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000
        entries.set(keyOf(id), { payload, expiresAt })
      },
      async find(id) {
        return find((_, key) => key === keyOf(id))
      },
      async findByUid(uid) {
        return find((payload, key) => isOurs(key) && payload.uid === uid)
      },
      async findByUserCode(userCode) {
        return find((payload, key) => isOurs(key) && payload.userCode === userCode)
      },
      async consume(id) {
        const entry = entries.get(keyOf(id))
        if (entry) entry.payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        entries.delete(keyOf(id))
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries)
          if (isOurs(key) && payload.grantId === grantId) entries.delete(key)
      },
    }
  }
}
