import './style/mantine.css'
import './style/page.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.js'
import { createQueryClient } from './client/queries.js'
import { startLocale } from './locale/start.js'
import { AnnounceProvider } from './notice/announce.js'
import { CrashBarrier } from './notice/crash-barrier.js'
import { theme } from './style/theme.js'

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
// Read by the scroll lock of dialogs when it adds its style element.
Object.assign(globalThis, { __webpack_nonce__: nonce })

const page = document.getElementById('page')
if (!page) throw new Error('The document has no place for the page')

await startLocale()
createRoot(page).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <CrashBarrier>
        <QueryClientProvider client={createQueryClient()}>
          <AnnounceProvider>
            <App />
          </AnnounceProvider>
        </QueryClientProvider>
      </CrashBarrier>
    </MantineProvider>
  </StrictMode>,
)
