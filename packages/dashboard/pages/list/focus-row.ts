import type { Kind } from '../kind.js'

export function rowElementId(kind: Kind, id: string): string {
  return `${kind}-${id}`
}

export function listHeadingId(kind: Kind): string {
  return `${kind}-list-heading`
}

/** Moves the focus to a row of the list once it is drawn, or to the heading of the list if it is not there. */
export function focusRow(kind: Kind, id: string): void {
  requestAnimationFrame(() => {
    const place =
      document.getElementById(rowElementId(kind, id)) ?? document.getElementById(listHeadingId(kind))
    place?.focus()
  })
}
