import { VisuallyHidden } from '@mantine/core'
import { createContext, type ReactNode, use, useCallback, useState } from 'react'

type Announce = (text: string) => void

const Context = createContext<Announce>(() => {})

/** Says something to assistive technology that sighted people see without words. */
export function useAnnounce(): Announce {
  return use(Context)
}

export function AnnounceProvider({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ text: '', turn: 0 })
  const announce = useCallback<Announce>((text) => setSaid(({ turn }) => ({ text, turn: turn + 1 })), [])
  return (
    <Context value={announce}>
      {children}
      <VisuallyHidden role="status" aria-live="polite">
        {/* A new node each time, so that the same words are said again. */}
        <span key={said.turn}>{said.text}</span>
      </VisuallyHidden>
    </Context>
  )
}
