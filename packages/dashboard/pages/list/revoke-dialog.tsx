import type { UseMutationResult } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../client/failure.js'
import type { Kind } from '../kind.js'
import { useAnnounce } from '../notice/announce.js'
import { focusRow } from './focus-row.js'
import { Question } from './question.js'
import type { Row } from './row.js'
import { Subject } from './subject.js'
import { useAsked } from './use-asked.js'

interface RevokeDialogProps {
  readonly kind: Kind
  readonly row: Row | null
  readonly revoke: UseMutationResult<unknown, Failure, string>
  readonly onClose: () => void
}

/** Asks before revoking. The focus goes back to the button that asked, or to the row or list when the button is gone. */
export function RevokeDialog({ kind, row, revoke, onClose }: RevokeDialogProps) {
  const { t } = useTranslation()
  const announce = useAnnounce()
  const { name, publicPart } = useAsked(row)
  const confirm = ({ id }: Row) =>
    revoke.mutate(id, {
      onSuccess: () => {
        onClose()
        announce(t('revoke.done', { name }))
        focusRow(kind, id)
      },
    })
  return (
    <Question
      opened={row !== null}
      title={t(`${kind}.revoke`)}
      cancel={t('revoke.cancel')}
      confirm={t(`${kind}.revokeConfirm`)}
      color="red.9"
      deed={revoke}
      failed={t(`${kind}.revokeFailed`)}
      onConfirm={() => row && confirm(row)}
      onClose={onClose}
    >
      <Subject text={t('revoke.detail', { name })} publicPart={publicPart} />
    </Question>
  )
}
