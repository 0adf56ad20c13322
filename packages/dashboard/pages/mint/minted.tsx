import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Replaced } from '../client/keys.js'
import type { Usage } from '../client/wire.js'
import type { Kind } from '../kind.js'
import { absolute, relative } from '../locale/time.js'
import { useAnnounce } from '../notice/announce.js'
import { Notice } from '../notice/notice.js'
import { CopyButton } from './copy-button.js'
import style from './mint.module.css'
import { Snippets } from './snippets.js'

/** A token or key that is not to be seen again. */
export interface Fresh {
  readonly secret: string
  readonly name: string
  /** Absent: never. */
  readonly expires_at?: number
  readonly scopes: readonly string[]
  readonly usage: Usage
  readonly replaced?: Replaced
}

interface MintedProps {
  readonly kind: Kind
  readonly fresh: Fresh
  readonly headingId: string
  readonly onDone: () => void
}

/** The token or key, while it is shown. It lives in the properties of this component and nowhere else. */
export function Minted({ kind, fresh, headingId, onDone }: MintedProps) {
  const { t, i18n } = useTranslation()
  const announce = useAnnounce()
  const heading = useRef<HTMLHeadingElement>(null)
  const text = useRef<HTMLElement>(null)
  const announced = t(`${kind}.announced`)
  const when = (at: number) => ({
    time: absolute(at, i18n.language),
    distance: relative(at, Date.now(), i18n.language),
  })
  const { expires_at, replaced } = fresh
  const expiry = expires_at !== undefined && when(expires_at)

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, not again when the language changes
  useEffect(() => {
    heading.current?.focus()
    announce(announced)
    // The form comes back with the next frame; the way of the keyboard goes on there.
    return () => {
      requestAnimationFrame(() => document.getElementById(`${kind}-mint-heading`)?.focus())
    }
  }, [])

  return (
    <div className={style.minted}>
      <h2 id={headingId} ref={heading} tabIndex={-1}>
        {t(`${kind}.minted`)}
      </h2>
      <Notice tone="brass" title={t(`${kind}.once`)}>
        {t(`${kind}.onceDetail`)}
      </Notice>
      <div className={style.tokenRow}>
        <code className={style.token} ref={text} id={`minted-${kind}`}>
          {fresh.secret}
        </code>
        <CopyButton text={fresh.secret} source={text} label={t(`${kind}.copy`)} prominent />
      </div>
      <dl className={style.facts}>
        {fresh.name && <Fact term={t('minted.name')}>{fresh.name}</Fact>}
        <Fact term={t('minted.expires')}>
          {expiry ? `${expiry.time} (${expiry.distance})` : t('minted.never')}
        </Fact>
        {fresh.scopes.length > 0 && (
          <Fact term={t('minted.scopes')}>
            <code className={style.scope}>{fresh.scopes.join(' ')}</code>
          </Fact>
        )}
        {replaced && (
          <Fact term={t('minted.replaced')}>
            {replaced.until === undefined
              ? t('minted.replacedNow')
              : t('minted.replacedUntil', when(replaced.until))}
          </Fact>
        )}
      </dl>
      <Snippets usage={fresh.usage} />
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
