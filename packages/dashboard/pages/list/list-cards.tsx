import { useTranslation } from 'react-i18next'
import { listHeadingId } from './focus-row.js'
import { Instant } from './instant.js'
import style from './list.module.css'
import { hasStatus, type Rows, statusAt } from './row.js'
import { RowName } from './row-name.js'
import { StatusBadge } from './status-badge.js'

export function ListCards({ kind, rows, now, actions }: Rows) {
  const { t } = useTranslation()
  return (
    <ul className={style.cards} aria-labelledby={listHeadingId(kind)}>
      {rows.map((row) => {
        const status = statusAt(row, now)
        const times = [
          [t('list.created'), row.created_at],
          [t('list.expires'), row.expires_at],
          [t('list.lastUsed'), row.last_used_at],
        ] as const
        return (
          <li key={row.id} className={style.rowCard} data-status={status}>
            <div className={style.cardHead}>
              <RowName kind={kind} row={row} />
              {hasStatus(kind) && <StatusBadge status={status} />}
            </div>
            <dl className={style.times}>
              {times.map(([term, at]) => (
                <div key={term}>
                  <dt>{term}</dt>
                  <dd>
                    <Instant at={at} now={now} />
                  </dd>
                </div>
              ))}
            </dl>
            {status === 'active' && <div className={style.actions}>{actions(row)}</div>}
          </li>
        )
      })}
    </ul>
  )
}
