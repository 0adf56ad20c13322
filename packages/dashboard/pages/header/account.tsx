import { Skeleton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { UserInfo } from '../client/wire.js'
import { absolute } from '../locale/time.js'
import style from './header.module.css'

/** Who is logged in, and the way out: a plain form, which works however little of the page does. */
export function Account({ account, pending }: { account: UserInfo | undefined; pending: boolean }) {
  const { t, i18n } = useTranslation()
  return (
    <section className={style.account} aria-label={t('header.account')}>
      {pending && <Skeleton height={32} width={150} className={style.waiting} />}
      {account && (
        <div
          className={style.who}
          title={t('header.sessionUntil', { time: absolute(account.expires_at, i18n.language) })}
        >
          <span className={style.name}>{account.name || account.email}</span>
          <span className={style.detail}>
            {account.name && <span className={style.email}>{account.email}</span>}
            {account.role !== 'user' && (
              <span className={style.role}>{t(`header.role.${account.role}`)}</span>
            )}
          </span>
        </div>
      )}
      <form method="post" action="/oauth2/sign_out?rd=/token-manager">
        <button type="submit" className={style.control}>
          {t('header.logOut')}
        </button>
      </form>
    </section>
  )
}
