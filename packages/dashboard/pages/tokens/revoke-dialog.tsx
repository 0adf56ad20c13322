import { Button, Modal } from '@mantine/core'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useRevoke } from '../client/queries.js'
import type { TokenInfo } from '../client/wire.js'
import { useAnnounce } from '../notice/announce.js'
import { ProblemNotice } from '../notice/problem-notice.js'
import { focusToken } from './focus-token.js'
import style from './tokens.module.css'

/** Asks before revoking. The focus goes back to the button that asked, or to the token when the button is gone. */
export function RevokeDialog({ token, onClose }: { token: TokenInfo | null; onClose: () => void }) {
  const { t } = useTranslation()
  const announce = useAnnounce()
  const revoke = useRevoke()
  // The words stay while the dialog fades out.
  const last = useRef(token)
  if (token) last.current = token
  const name = last.current?.token_name || t('tokens.unnamed')

  const close = () => {
    if (revoke.isPending) return
    onClose()
    revoke.reset()
  }
  const confirm = (chosen: TokenInfo) =>
    revoke.mutate(chosen, {
      onSuccess: () => {
        onClose()
        announce(t('revoke.done', { name }))
        focusToken(chosen.token_id)
      },
    })

  return (
    <Modal
      opened={token !== null}
      onClose={close}
      title={t('revoke.heading')}
      centered
      withCloseButton={false}
      classNames={{ content: style.dialog, title: style.dialogTitle }}
    >
      <p className={style.question}>{t('revoke.detail', { name })}</p>
      {revoke.error && <ProblemNotice failure={revoke.error} consequence={t('revoke.failed')} />}
      <div className={style.answers}>
        <Button variant="default" onClick={close} data-autofocus>
          {t('revoke.cancel')}
        </Button>
        <Button color="red.9" loading={revoke.isPending} onClick={() => token && confirm(token)}>
          {t('revoke.confirm')}
        </Button>
      </div>
    </Modal>
  )
}
