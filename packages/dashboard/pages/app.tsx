import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { userInfo } from './client/queries.js'
import { Header } from './header/header.js'
import { MintPanel } from './mint/mint-panel.js'
import { OfflineNotice } from './notice/offline-notice.js'
import { ProblemNotice } from './notice/problem-notice.js'
import frame from './style/frame.module.css'
import { TokensPanel } from './tokens/tokens-panel.js'

const product =
  document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content || 'Portcullis'

export function App() {
  const { t } = useTranslation()
  const account = useQuery(userInfo)
  const [minted, setMinted] = useState(false)
  const sessionEnded = account.error?.kind === 'session_ended'

  useEffect(() => {
    document.title = `${t('title')} · ${product}`
  }, [t])

  return (
    <>
      <Header product={product} account={account.data} pending={account.isPending} open={minted} />
      <main className={frame.main}>
        <div className={frame.intro}>
          <h1>{t('title')}</h1>
          <p className={frame.lead}>{t('lead')}</p>
        </div>
        <OfflineNotice />
        {account.error && (
          <ProblemNotice
            failure={account.error}
            onRetry={() => account.refetch()}
            retrying={account.isFetching}
          />
        )}
        {/* A token on show is the only copy there is: not even the end of the session takes it away. */}
        {(!sessionEnded || minted) && (
          <div className={frame.rooms} data-split={minted ? undefined : true}>
            <MintPanel onMinted={setMinted} />
            <TokensPanel />
          </div>
        )}
      </main>
    </>
  )
}
