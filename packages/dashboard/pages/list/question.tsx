import { Button, Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Failure } from '../client/failure.js'
import { ProblemNotice } from '../notice/problem-notice.js'
import style from './list.module.css'

interface QuestionProps {
  readonly opened: boolean
  readonly title: string
  readonly children: ReactNode
  readonly cancel: string
  readonly confirm: string
  readonly color?: string
  /** What is done on confirmation. */
  readonly deed: { readonly isPending: boolean; readonly error: Failure | null; reset(): void }
  readonly failed: string
  readonly unknown?: string
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks before something is done, stays open while it is and when it failed. */
export function Question(props: QuestionProps) {
  const { opened, title, children, cancel, confirm, color, deed, failed, unknown, onConfirm, onClose } = props
  const close = () => {
    if (deed.isPending) return
    onClose()
    deed.reset()
  }
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      centered
      withCloseButton={false}
      classNames={{ content: style.dialog, title: style.dialogTitle }}
    >
      {children}
      {deed.error && (
        <div className={style.trouble}>
          <ProblemNotice failure={deed.error} consequence={failed} {...(unknown && { unknown })} />
        </div>
      )}
      <div className={style.answers}>
        <Button variant="default" onClick={close} data-autofocus>
          {cancel}
        </Button>
        <Button {...(color && { color })} loading={deed.isPending} onClick={onConfirm}>
          {confirm}
        </Button>
      </div>
    </Modal>
  )
}
