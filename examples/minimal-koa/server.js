import { createGate } from '@portcullis/core'
import { guardServer } from '@portcullis/core/http'
import { lmdbStore } from '@portcullis/core/lmdb'
import { portcullis } from '@portcullis/koa'
import Koa from 'koa'

const port = Number(process.argv[2] ?? 3000)
const gate = await createGate({
  store: lmdbStore({ path: process.argv[3] ?? '.data' }),
  publicUrl: `http://localhost:${port}`,
  secret: process.env.SESSION_SECRET, // openssl rand -hex 32
  keys: [{ algorithm: 'HS256', secret: process.env.JWT_SECRET }],
})

const app = new Koa()
app.use(portcullis(gate))
app.use((ctx) => {
  ctx.body = { hello: ctx.state.portcullis.email }
})
guardServer(app.listen(port), gate)

const issued = await gate.tokens.issue({ account: 'ada@example.com' })
console.log(`curl -H "x-api-key: ${issued.value.token}" http://localhost:${port}/hello`)
