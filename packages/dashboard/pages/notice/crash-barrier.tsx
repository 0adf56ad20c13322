import { Button } from '@mantine/core'
import i18next from 'i18next'
import { Component, type ReactNode } from 'react'
import frame from '../style/frame.module.css'
import { Notice } from './notice.js'

/** Shows that the page failed, instead of nothing, when drawing it throws. */
export class CrashBarrier extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false }

  static getDerivedStateFromError() {
    return { crashed: true }
  }

  override render() {
    if (!this.state.crashed) return this.props.children
    return (
      <main className={frame.main}>
        <Notice
          tone="bad"
          title={i18next.t('notice.crashed')}
          urgent
          action={
            <Button size="xs" onClick={() => location.reload()}>
              {i18next.t('notice.reload')}
            </Button>
          }
        >
          {i18next.t('notice.crashedDetail')}
        </Notice>
      </main>
    )
  }
}
