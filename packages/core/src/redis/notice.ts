import { decodeId } from './keys.js'
import type { NoticeListener } from './watch.js'

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
