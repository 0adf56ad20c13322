import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from './call.js'
import type { CreatedKey, KeyInfo, KeyList, MintRequest } from './wire.js'

const KEYS = '/v1/user/keys'
const pathOf = (id: string) => `${KEYS}/${encodeURIComponent(id)}`

export const keyList = queryOptions({
  queryKey: ['keys'],
  queryFn: () => call<KeyList>(KEYS),
})

/** Reads the list anew, also after a failure: an answer that got lost on its way may have changed it. */
function useSettled() {
  const client = useQueryClient()
  return () => {
    void client.invalidateQueries({ queryKey: keyList.queryKey })
  }
}

/** Creates a key. Nothing keeps the answer once the caller has reset the mutation. */
export function useCreateKey() {
  const onSettled = useSettled()
  return useMutation({
    mutationFn: ({ idempotencyKey, name, ...request }: MintRequest) =>
      call<CreatedKey>(KEYS, { ...request, ...(name && { key_name: name }) }, { idempotencyKey }),
    gcTime: 0,
    onSettled,
  })
}

export interface Rotation {
  readonly id: string
  /** When the key ends anyway. */
  readonly expires_at?: number | undefined
  /** How long it goes on beside its successor. */
  readonly overlapSeconds: number
}

export interface RotatedKey extends CreatedKey {
  readonly replaced: Replaced
}

export interface Replaced {
  /** Until when the old key works; absent when it already does not. */
  readonly until?: number
}

/** When an old key stops to work whose successor is created at a time; never later than it would have. */
export function endOf({ expires_at, overlapSeconds }: Omit<Rotation, 'id'>, createdAt: number): number {
  return Math.min(createdAt + overlapSeconds, expires_at ?? Number.POSITIVE_INFINITY)
}

/** Replaces a key. Nothing keeps the answer once the caller has reset the mutation. */
export function useRotateKey() {
  const onSettled = useSettled()
  return useMutation({
    mutationFn: async (rotation: Rotation): Promise<RotatedKey> => {
      const { id, overlapSeconds } = rotation
      const created = await call<CreatedKey>(`${pathOf(id)}/rotate`, { overlap_seconds: overlapSeconds })
      const until = endOf(rotation, created.created_at)
      return { ...created, replaced: overlapSeconds > 0 ? { until } : {} }
    },
    gcTime: 0,
    onSettled,
  })
}

export function useRevokeKey() {
  const client = useQueryClient()
  const onSettled = useSettled()
  return useMutation({
    mutationFn: (id: string) => call(pathOf(id), undefined, { method: 'DELETE' }),
    onSuccess: (_answer, id) => {
      const others = (keys: readonly KeyInfo[]) => keys.filter((key) => key.key_id !== id)
      client.setQueryData(keyList.queryKey, (list) => list && { ...list, keys: others(list.keys) })
    },
    onSettled,
  })
}
