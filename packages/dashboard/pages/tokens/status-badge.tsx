import { useTranslation } from 'react-i18next'
import type { TokenInfo } from '../client/wire.js'
import style from './tokens.module.css'

export function StatusBadge({ status }: { status: TokenInfo['status'] }) {
  const { t } = useTranslation()
  return (
    <span className={style.badge} data-status={status}>
      {t(`tokens.${status}`)}
    </span>
  )
}
