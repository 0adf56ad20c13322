import { runJobs } from '../../src/gate/run-jobs.js'
import { redisStore } from '../../src/redis/index.js'
import { gateFixture } from './gate-fixture.js'

/** A process with one job; says when it runs, and ends its runs by `close` on its standard input. */
const [url = '', leaseMs = '900'] = process.argv.slice(2)
const { context } = await gateFixture({ store: redisStore({ url }), clock: Date.now, storeDeadlineMs: 2000 })
const job = {
  plugin: 'test',
  name: 'sweep',
  everySeconds: 1,
  run: async () => void process.stdout.write(`ran ${Date.now()}\n`),
}
const jobs = runJobs(context, [job], Number(leaseMs))
process.stdin.on('data', async () => {
  await jobs.close()
  process.stdout.write('closed\n')
})
