import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { MintedToken } from '../client/wire.js'
import { absolute, relative } from '../locale/time.js'
import { Notice } from '../notice/notice.js'
import { CopyButton } from './copy-button.js'
import style from './mint.module.css'
import { Snippets } from './snippets.js'

/** The token, while it is shown. It lives in the properties of this component and nowhere else. */
export function Minted({ minted, onDone }: { minted: MintedToken; onDone: () => void }) {
  const { t, i18n } = useTranslation()
  const heading = useRef<HTMLHeadingElement>(null)
  const text = useRef<HTMLElement>(null)

  useEffect(() => {
    heading.current?.focus()
    // The form comes back with the next frame; the way of the keyboard goes on there.
    return () => {
      requestAnimationFrame(() => document.getElementById('mint-heading')?.focus())
    }
  }, [])

  return (
    <div className={style.minted}>
      <h2 id="minted-heading" ref={heading} tabIndex={-1}>
        {t('minted.heading')}
      </h2>
      <Notice tone="brass" title={t('minted.once')}>
        {t('minted.onceDetail')}
      </Notice>
      <div className={style.tokenRow}>
        <code className={style.token} ref={text} id="minted-token">
          {minted.token}
        </code>
        <CopyButton text={minted.token} source={text} label={t('minted.copyToken')} prominent />
      </div>
      <dl className={style.facts}>
        {minted.token_name && <Fact term={t('minted.name')}>{minted.token_name}</Fact>}
        <Fact term={t('minted.expires')}>
          {absolute(minted.expires_at, i18n.language)} (
          {relative(minted.expires_at, Date.now(), i18n.language)})
        </Fact>
        {minted.scopes.length > 0 && (
          <Fact term={t('minted.scopes')}>
            <code className={style.scope}>{minted.scopes.join(' ')}</code>
          </Fact>
        )}
      </dl>
      <Snippets instructions={minted.usage_instructions} />
      <div>
        <Button size="md" onClick={onDone}>
          {t('minted.done')}
        </Button>
      </div>
    </div>
  )
}

function Fact({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  )
}
