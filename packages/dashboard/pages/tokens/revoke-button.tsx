import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { TokenInfo } from '../client/wire.js'
import style from './tokens.module.css'

interface RevokeButtonProps {
  readonly token: TokenInfo
  readonly status: TokenInfo['status']
  readonly onRevoke: (token: TokenInfo) => void
}

export function RevokeButton({ token, status, onRevoke }: RevokeButtonProps) {
  const { t } = useTranslation()
  if (status !== 'active') return null
  return (
    <Button
      variant="default"
      size="xs"
      className={style.revoke}
      aria-label={t('tokens.revokeNamed', { name: token.token_name || t('tokens.unnamed') })}
      onClick={() => onRevoke(token)}
    >
      {t('tokens.revoke')}
    </Button>
  )
}
