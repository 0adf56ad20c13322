import type { ToldMark } from './epochs.js'
import { decodeId } from './keys.js'

/** What no encoded partition begins with. */
const ABOUT_EPOCHS = '\u0000!'

/** Hands on what the scripts publish: a partition that changed, or `!mark SLOT MARKS ID LAST BEFORE`, `!loss SLOT` and
 * `!accept` of epochs. */
export function readNotice(message: string, listener: NoticeListener): void {
  if (!message.startsWith(ABOUT_EPOCHS)) {
    listener.changed(decodeId(message))
    return
  }
  const [kind, slot, marks, id = '', last = '', before = ''] = message.slice(ABOUT_EPOCHS.length).split(' ')
  if (kind === 'mark') listener.marked(Number(slot), { id, marks: Number(marks), last, before })
  else listener.lossChanged()
}

export interface NoticeListener {
  changed(partition: string): void
  lost(): void
  /** A slot has seen another revocation. */
  marked(slot: number, mark: ToldMark): void
  /** Somebody has noticed a loss, or accepted one. */
  lossChanged(): void
}
