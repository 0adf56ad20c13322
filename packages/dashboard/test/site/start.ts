import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DashboardOptions } from '../../src/check-options.js'
import { dashboard, type Pages } from '../../src/dashboard.js'
import { type Api, createApi } from './api.js'
import { ensurePagesBuilt } from './build.js'

export interface Site {
  readonly origin: string
  readonly api: Api
  close(): Promise<void>
}

/** The dashboard and the API that it calls, on a loopback port of their own. */
export async function startSite(options?: DashboardOptions): Promise<Site> {
  await ensurePagesBuilt()
  const pages = dashboard(options)
  const api = createApi()
  const server = createServer((req, res) => {
    respond(pages, api, req, res).catch(() => res.destroy())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    api,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

async function respond(pages: Pages, api: Api, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://gate.test')
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const { method = 'GET' } = req
  const request = new Request(url, {
    method,
    headers: Object.entries(req.headersDistinct).flatMap(([name, values]) =>
      (values ?? []).map((value): [string, string] => [name, value]),
    ),
    ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
  })
  const response = pages.owns(url.pathname) ? await pages.handle(request) : await api.answer(request)
  res.writeHead(response.status, Object.fromEntries(response.headers))
  res.end(Buffer.from(await response.arrayBuffer()))
}
