import { onlineManager } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { Notice } from './notice.js'

/** Shown while the browser has no network; reading goes on by itself when it is back. */
export function OfflineNotice() {
  const { t } = useTranslation()
  const online = useSyncExternalStore(
    (changed) => onlineManager.subscribe(changed),
    () => onlineManager.isOnline(),
  )
  return online ? null : <Notice tone="brass" title={t('notice.offline')} urgent />
}
