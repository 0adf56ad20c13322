import { Tabs, VisuallyHidden } from '@mantine/core'
import { useHash } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { userInfo } from './client/queries.js'
import { Header } from './header/header.js'
import { KeysRoom } from './keys/keys-room.js'
import { KINDS, type Kind } from './kind.js'
import type { OnShown } from './mint/mint-room.js'
import { OfflineNotice } from './notice/offline-notice.js'
import { ProblemNotice } from './notice/problem-notice.js'
import frame from './style/frame.module.css'
import { TokensRoom } from './tokens/tokens-room.js'

const product =
  document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content || 'Portcullis'

const ROOMS = { token: TokensRoom, key: KeysRoom } as const
const HASHES: Record<Kind, string> = { token: '#tokens', key: '#keys' }

export function App() {
  const { t } = useTranslation()
  const account = useQuery(userInfo)
  const [hash, setHash] = useHash({ getInitialValueInEffect: false })
  const kind = KINDS.find((one) => HASHES[one] === hash) ?? 'token'
  const visited = useRef(new Set<Kind>())
  visited.current.add(kind)
  const [shown, setShown] = useState<readonly Kind[]>([])
  const onShown = useCallback<OnShown>(
    (one, isShown) =>
      setShown((kinds) => [...kinds.filter((other) => other !== one), ...(isShown ? [one] : [])]),
    [],
  )
  const sessionEnded = account.error?.kind === 'session_ended'

  useEffect(() => {
    document.title = `${t(`${kind}.title`)} · ${product}`
  }, [t, kind])

  return (
    <>
      <Header product={product} account={account.data} pending={account.isPending} open={shown.length > 0} />
      <main className={frame.main}>
        <OfflineNotice />
        {account.error && (
          <ProblemNotice
            failure={account.error}
            onRetry={() => account.refetch()}
            retrying={account.isFetching}
          />
        )}
        {/* What is typed or on show in one tab is still there after a look at the other. */}
        <Tabs
          value={kind}
          onChange={(chosen) => setHash(HASHES[chosen as Kind])}
          keepMountedMode="display-none"
          classNames={{ list: frame.tabs, tab: frame.tab }}
        >
          <Tabs.List aria-label={t('kinds')}>
            {KINDS.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t(`${one}.title`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {KINDS.map((one) => {
            const Room = ROOMS[one]
            return (
              <Tabs.Panel key={one} value={one}>
                <VisuallyHidden component="h1">{t(`${one}.title`)}</VisuallyHidden>
                <p className={frame.lead}>{t(`${one}.lead`)}</p>
                {/* What is on show is the only copy there is: not even the end of the session takes it away. */}
                {visited.current.has(one) && (!sessionEnded || shown.length > 0) && (
                  <Room onShown={onShown} />
                )}
              </Tabs.Panel>
            )
          })}
        </Tabs>
      </main>
    </>
  )
}
