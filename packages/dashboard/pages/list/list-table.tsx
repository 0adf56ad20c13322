import { VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { listHeadingId } from './focus-row.js'
import { Instant } from './instant.js'
import style from './list.module.css'
import { hasStatus, type Rows, statusAt } from './row.js'
import { RowName } from './row-name.js'
import { StatusBadge } from './status-badge.js'

export function ListTable({ kind, rows, now, actions }: Rows) {
  const { t } = useTranslation()
  return (
    <table className={style.table} aria-labelledby={listHeadingId(kind)}>
      <thead>
        <tr>
          <th scope="col">{t('list.name')}</th>
          {hasStatus(kind) && <th scope="col">{t('list.status')}</th>}
          <th scope="col">{t('list.created')}</th>
          <th scope="col">{t('list.expires')}</th>
          <th scope="col">{t('list.lastUsed')}</th>
          <th scope="col">
            <VisuallyHidden>{t('list.action')}</VisuallyHidden>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const status = statusAt(row, now)
          return (
            <tr key={row.id} data-status={status}>
              <th scope="row">
                <RowName kind={kind} row={row} />
              </th>
              {hasStatus(kind) && (
                <td>
                  <StatusBadge status={status} />
                </td>
              )}
              <td>
                <Instant at={row.created_at} now={now} />
              </td>
              <td>
                <Instant at={row.expires_at} now={now} />
              </td>
              <td>
                <Instant at={row.last_used_at} now={now} />
              </td>
              <td className={style.action}>
                {status === 'active' && <div className={style.actions}>{actions(row)}</div>}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
