import { decodeId } from './keys.js'
import type { NoticeListener } from './watch.js'

/** What no encoded partition begins with. */
const ABOUT_EPOCHS = '\u0000!'

/** Hands on what the scripts publish: a partition that changed, or `!mark SLOT MARKS ID`,
 * `!examine SLOT 0 ID` and `!accept` of epochs. */
export function readNotice(message: string, listener: NoticeListener): void {
  if (!message.startsWith(ABOUT_EPOCHS)) {
    listener.changed(decodeId(message))
    return
  }
  const [kind, slot, marks, id = ''] = message.slice(ABOUT_EPOCHS.length).split(' ')
  if (kind === 'mark') listener.marked(Number(slot), id, Number(marks))
  else if (kind === 'accept') listener.accepted()
  else listener.replaced(Number(slot), id)
}
