import type { Admission, CallEnd, CallEndDetails, Observer } from '../../../src/admission/admission.js'

/** An observer that keeps what it is told. */
export interface Seen {
  readonly observer: Observer
  readonly heads: number[]
  readonly chunks: Buffer[]
  readonly ends: [CallEnd, CallEndDetails][]
}

export function watcher(more: Partial<Observer> = {}): Seen {
  const seen = { heads: [] as number[], chunks: [] as Buffer[], ends: [] as [CallEnd, CallEndDetails][] }
  const observer: Observer = {
    head: ({ status }) => void seen.heads.push(status),
    chunk: (chunk) => void seen.chunks.push(Buffer.from(chunk)),
    end: (end, details) => void seen.ends.push([end, details]),
    ...more,
  }
  return { observer, ...seen }
}

/** An admission that lets every call go on, watched. */
export function watching(seen: Seen, name = 'watching'): Admission {
  return { name, admit: () => ({ observer: seen.observer }) }
}

export const SENT = { wasSent: true, sawAll: true }
export const UNSENT = { wasSent: false, sawAll: true }
