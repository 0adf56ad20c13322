import { useTranslation } from 'react-i18next'
import { Instant } from './instant.js'
import { RevokeButton } from './revoke-button.js'
import { StatusBadge } from './status-badge.js'
import { TokenName } from './token-name.js'
import { statusAt, type TokenRows } from './token-rows.js'
import style from './tokens.module.css'

export function TokenCards({ tokens, now, onRevoke }: TokenRows) {
  const { t } = useTranslation()
  return (
    <ul className={style.cards} aria-labelledby="tokens-heading">
      {tokens.map((token) => {
        const status = statusAt(token, now)
        const times = [
          [t('tokens.created'), token.created_at],
          [t('tokens.expires'), token.expires_at],
          [t('tokens.lastUsed'), token.last_used_at],
        ] as const
        return (
          <li key={token.token_id} className={style.tokenCard} data-status={status}>
            <div className={style.cardHead}>
              <TokenName token={token} />
              <StatusBadge status={status} />
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
            <RevokeButton token={token} status={status} onRevoke={onRevoke} />
          </li>
        )
      })}
    </ul>
  )
}
