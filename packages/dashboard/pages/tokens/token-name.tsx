import { useTranslation } from 'react-i18next'
import type { TokenInfo } from '../client/wire.js'
import { tokenElementId } from './focus-token.js'
import style from './tokens.module.css'

export function TokenName({ token }: { token: TokenInfo }) {
  const { t } = useTranslation()
  return (
    <div className={style.nameCell}>
      <span id={tokenElementId(token.token_id)} tabIndex={-1} className={style.name}>
        {token.token_name || t('tokens.unnamed')}
      </span>
      {token.scopes.length > 0 && <code className={style.scopes}>{token.scopes.join(' ')}</code>}
    </div>
  )
}
