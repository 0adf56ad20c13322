import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import style from './list.module.css'
import type { Row } from './row.js'

interface RowButtonProps {
  readonly action: 'revoke' | 'rotate'
  readonly row: Row
  readonly onClick: (row: Row) => void
}

/** Names what it acts on; of keys with the same name, which rotating makes, the public part tells. */
export function RowButton({ action, row, onClick }: RowButtonProps) {
  const { t } = useTranslation()
  const name = [row.name || t('list.unnamed'), row.publicPart].filter(Boolean).join(' ')
  return (
    <Button
      variant="default"
      size="xs"
      className={action === 'revoke' ? style.revoke : undefined}
      aria-label={t(`${action}.named`, { name })}
      onClick={() => onClick(row)}
    >
      {t(`${action}.action`)}
    </Button>
  )
}
