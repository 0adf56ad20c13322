import { useTranslation } from 'react-i18next'
import { absolute, relative } from '../locale/time.js'
import style from './list.module.css'

/** A moment as the distance from now, with the exact time on hover. */
export function Instant({ at, now }: { at: number | undefined; now: number }) {
  const { t, i18n } = useTranslation()
  if (at === undefined) return <span className={style.never}>{t('list.never')}</span>
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={absolute(at, i18n.language)}>
      {relative(at, now, i18n.language)}
    </time>
  )
}
