import { VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Instant } from './instant.js'
import { RevokeButton } from './revoke-button.js'
import { StatusBadge } from './status-badge.js'
import { TokenName } from './token-name.js'
import { statusAt, type TokenRows } from './token-rows.js'
import style from './tokens.module.css'

export function TokenTable({ tokens, now, onRevoke }: TokenRows) {
  const { t } = useTranslation()
  return (
    <table className={style.table} aria-labelledby="tokens-heading">
      <thead>
        <tr>
          <th scope="col">{t('tokens.name')}</th>
          <th scope="col">{t('tokens.status')}</th>
          <th scope="col">{t('tokens.created')}</th>
          <th scope="col">{t('tokens.expires')}</th>
          <th scope="col">{t('tokens.lastUsed')}</th>
          <th scope="col">
            <VisuallyHidden>{t('tokens.action')}</VisuallyHidden>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => {
          const status = statusAt(token, now)
          return (
            <tr key={token.token_id} data-status={status}>
              <th scope="row">
                <TokenName token={token} />
              </th>
              <td>
                <StatusBadge status={status} />
              </td>
              <td>
                <Instant at={token.created_at} now={now} />
              </td>
              <td>
                <Instant at={token.expires_at} now={now} />
              </td>
              <td>
                <Instant at={token.last_used_at} now={now} />
              </td>
              <td className={style.action}>
                <RevokeButton token={token} status={status} onRevoke={onRevoke} />
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
