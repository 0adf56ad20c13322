import type { JsonValue, Millis } from '../store/store.js'
import { openWitness, type Witness } from '../store/witness.js'

/** How far the history of a slot has come: its epoch, how many revocations that has seen, and the random part of the last. */
export interface Mark {
  readonly id: string
  readonly marks: number
  readonly last: string
}

/** What is known of the slots of one Redis: by the key of the epoch and its id, marks, last random part, and since when. */
export type WitnessedMarks = {
  readonly [key: string]: { readonly [id: string]: readonly [marks: number, last: string, at: Millis] }
}

/** Epochs are renewed by losses only; more of one slot than this nobody remembers, the oldest first. */
const EPOCHS_OF_A_SLOT = 8

export function openMarks(path: string): Witness<WitnessedMarks> {
  return openWitness({ path, parse: readMarks, merge: mergeMarks })
}

function readMarks(value: JsonValue): WitnessedMarks | undefined {
  const isSound = isObject(value) && Object.values(value).every((slot) => isObject(slot) && areMarks(slot))
  return isSound ? (value as WitnessedMarks) : undefined
}

function areMarks(slot: { readonly [id: string]: JsonValue | undefined }): boolean {
  return Object.values(slot).every((entry) => {
    if (!Array.isArray(entry)) return false
    const [marks, last, at] = entry as JsonValue[]
    return Number.isSafeInteger(marks) && typeof last === 'string' && Number.isFinite(at)
  })
}

function isObject(
  value: JsonValue | undefined,
): value is { readonly [member: string]: JsonValue | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mergeMarks(one: WitnessedMarks, other: WitnessedMarks): WitnessedMarks {
  const merged: { [key: string]: WitnessedMarks[string] } = { ...one }
  for (const [key, slot] of Object.entries(other)) {
    const epochs = { ...merged[key] }
    for (const [id, entry] of Object.entries(slot)) {
      const known = epochs[id]
      if (!known || isFurther(entry, known)) epochs[id] = entry
    }
    merged[key] = newestOf(epochs)
  }
  return merged
}

type Entry = WitnessedMarks[string][string]

function isFurther([marks, last, at]: Entry, [knownMarks, knownLast, knownAt]: Entry): boolean {
  if (marks !== knownMarks) return marks > knownMarks
  return last === knownLast ? at > knownAt : last > knownLast
}

function newestOf(epochs: WitnessedMarks[string]): WitnessedMarks[string] {
  const entries = Object.entries(epochs)
  if (entries.length <= EPOCHS_OF_A_SLOT) return epochs
  const newestFirst = entries.sort(([oneId, [, , one]], [otherId, [, , other]]) =>
    one === other ? (oneId < otherId ? -1 : 1) : other - one,
  )
  return Object.fromEntries(newestFirst.slice(0, EPOCHS_OF_A_SLOT))
}
