import { useTranslation } from 'react-i18next'
import style from './list.module.css'
import type { Status } from './row.js'

export function StatusBadge({ status }: { status: Status }) {
  const { t } = useTranslation()
  return (
    <span className={style.badge} data-status={status}>
      {t(`list.${status}`)}
    </span>
  )
}
