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
    const row = document.getElementById(rowElementId(kind, id))
    const heading = document.getElementById(listHeadingId(kind))
    const place = row ?? heading
    place?.focus()
    if (row && heading) handOver(row, heading)
  })
}

const TAKEN_OFF_WITHIN_MS = 5000

/** A row that is taken off the list a moment later would take the focus with it. */
function handOver(row: HTMLElement, heading: HTMLElement): void {
  const observer = new MutationObserver(() => {
    if (row.isConnected) return
    observer.disconnect()
    if (document.activeElement === document.body) heading.focus()
  })
  observer.observe(document.body, { childList: true, subtree: true })
  setTimeout(() => observer.disconnect(), TAKEN_OFF_WITHIN_MS)
}
