import { Tabs } from '@mantine/core'
import { useId, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { SNIPPETS, type Usage } from '../client/wire.js'
import { CopyButton } from './copy-button.js'
import style from './mint.module.css'

/** What to paste where, one tab for each program that the service gave instructions for. */
export function Snippets({ usage }: { usage: Usage }) {
  const { t } = useTranslation()
  const headingId = useId()
  const given = SNIPPETS.filter((name) => usage[name])
  const first = given[0]
  if (first === undefined) return null
  return (
    <section aria-labelledby={headingId}>
      <h3 id={headingId} className={style.useHeading}>
        {t('minted.use')}
      </h3>
      <Tabs defaultValue={first} keepMounted={false}>
        <Tabs.List aria-labelledby={headingId}>
          {given.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`minted.snippet.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {given.map((name) => (
          <Tabs.Panel key={name} value={name}>
            <Snippet text={usage[name] ?? ''} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </section>
  )
}

function Snippet({ text }: { text: string }) {
  const { t } = useTranslation()
  const source = useRef<HTMLPreElement>(null)
  return (
    <div className={style.snippet}>
      <pre ref={source}>{text}</pre>
      <CopyButton text={text} source={source} label={t('minted.copySnippet')} />
    </div>
  )
}
