import type { ReactNode } from 'react'
import { Icon } from '../icon.js'
import style from './notice.module.css'

interface NoticeProps {
  readonly tone: 'bad' | 'brass'
  readonly title: string
  /** Says it at once to assistive technology. */
  readonly urgent?: boolean
  /** Language of the texts when it is not that of the page. */
  readonly lang?: string | undefined
  readonly action?: ReactNode
  readonly children?: ReactNode
}

export function Notice({ tone, title, urgent = false, lang, action, children }: NoticeProps) {
  return (
    <div className={style.notice} data-tone={tone} role={urgent ? 'alert' : undefined}>
      <span className={style.icon}>
        <Icon shape="alert" />
      </span>
      <p className={style.title} lang={lang}>
        {title}
      </p>
      {children && (
        <div className={style.detail} lang={lang}>
          {children}
        </div>
      )}
      {action && <div className={style.action}>{action}</div>}
    </div>
  )
}
