import { createGate } from '@portcullis/core'
import { guardServer } from '@portcullis/core/http'
import { lmdbStore } from '@portcullis/core/lmdb'
import { portcullis } from '@portcullis/fastify'
import Fastify from 'fastify'

const port = Number(process.argv[2] ?? 3000)
const gate = await createGate({
  store: lmdbStore({ path: process.argv[3] ?? '.data' }),
  publicUrl: `http://localhost:${port}`,
  secret: process.env.SESSION_SECRET, // openssl rand -hex 32
  keys: [{ algorithm: 'HS256', secret: process.env.JWT_SECRET }],
})

const app = Fastify()
app.register(portcullis(gate))
app.get('/hello', async (request) => ({ hello: request.portcullis.email }))
guardServer(app.server, gate)
await app.listen({ port })

const issued = await gate.tokens.issue({ account: 'ada@example.com' })
console.log(`curl -H "x-api-key: ${issued.value.token}" http://localhost:${port}/hello`)
