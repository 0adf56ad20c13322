import { connect } from 'node:net'

/**
 * Strangers who send a request, hang up before or after it is answered, and come again, until this process is told to stop.
 * `node strangers.mjs PORT STRANGERS HANG_UP_MS REQUEST`; a process of its own, as strangers are.
 */
const [port, strangers, hangUpMs, request = ''] = process.argv.slice(2)
let sent = 0

function visit() {
  const socket = connect(Number(port), '127.0.0.1', () => {
    socket.write(request)
    sent += 1
    setTimeout(() => socket.destroy(), Number(hangUpMs))
  })
  socket.on('error', () => {})
  socket.resume()
  socket.once('close', () => setTimeout(visit, 0))
}

for (let index = 0; index < Number(strangers); index++) visit()
process.send?.('started')
process.on('message', () => {
  process.send?.(sent, () => process.exit(0))
})
