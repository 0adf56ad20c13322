import { Button } from '@mantine/core'
import { type RefObject, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icon.js'
import { useAnnounce } from '../notice/announce.js'
import { copyText } from './copy-text.js'

const SHOWN_MS = 3_000

interface CopyButtonProps {
  readonly text: string
  /** Where the text stands on the page: it is selected there when the browser refuses to copy. */
  readonly source: RefObject<HTMLElement | null>
  readonly label: string
  readonly prominent?: boolean
}

export function CopyButton({ text, source, label, prominent = false }: CopyButtonProps) {
  const { t } = useTranslation()
  const announce = useAnnounce()
  const [copied, setCopied] = useState(false)

  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [copied])

  const copy = async () => {
    const done = await copyText(text)
    setCopied(done)
    announce(t(done ? 'copy.announced' : 'copy.byHand'))
    if (!done && source.current) getSelection()?.selectAllChildren(source.current)
  }

  return (
    <Button
      variant={prominent ? 'filled' : 'default'}
      size={prominent ? 'md' : 'xs'}
      leftSection={<Icon shape={copied ? 'check' : 'copy'} />}
      onClick={() => {
        void copy()
      }}
    >
      {copied ? t('copy.copied') : label}
    </Button>
  )
}
