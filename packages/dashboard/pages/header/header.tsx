import type { UserInfo } from '../client/wire.js'
import { Account } from './account.js'
import { Appearance } from './appearance.js'
import style from './header.module.css'
import { LanguageSwitch } from './language-switch.js'
import { Logo } from './logo.js'

interface HeaderProps {
  readonly product: string
  readonly account: UserInfo | undefined
  readonly pending: boolean
  readonly open: boolean
}

export function Header({ product, account, pending, open }: HeaderProps) {
  return (
    <header className={style.header}>
      <div className={style.bar}>
        <div className={style.brand}>
          <Logo open={open} />
          <span className={style.product}>{product}</span>
        </div>
        <div className={style.settings}>
          <LanguageSwitch />
          <Appearance />
        </div>
        <Account account={account} pending={pending} />
      </div>
    </header>
  )
}
