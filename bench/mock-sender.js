// How many messages a second the mock exchange sends, and what one of them costs.
//
//   this process: mock exchange  --loopback-->  child process: a reader that only counts bytes
//
// node bench/mock-sender.js [--rate N|max] [--seconds N] [--symbols N] [--topics
// orderbook.50,publicTrade] Build first: it runs dist/. CPU is this process alone, so the figure
// per core is the sender's.
import { fork } from 'node:child_process'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: 'max' },
    seconds: { type: 'string', default: '10' },
    symbols: { type: 'string', default: '100' },
    topics: { type: 'string', default: 'orderbook.50,publicTrade' },
    connections: { type: 'string', default: '10' },
    reader: { type: 'string' },
  },
})

if (values.reader === undefined) await sender()
else reader(Number(values.reader))

/** Subscribes with masked frames written by hand and drops what comes back. */
function reader(port) {
  const symbols = JSON.parse(process.env.BENCH_SYMBOLS ?? '[]')
  const connections = Number(values.connections)
  for (let i = 0; i < connections; i++) {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        'GET /v5/public/linear HTTP/1.1\r\nHost: mock\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      )
    })
    socket.once('data', () => {
      for (let s = i; s < symbols.length; s += connections) {
        const args = values.topics.split(',').map((kind) => `${kind}.${symbols[s]}`)
        socket.write(maskedFrame(JSON.stringify({ op: 'subscribe', args })))
      }
      socket.on('data', () => {})
    })
  }
}

function maskedFrame(text) {
  const payload = Buffer.from(text) // a mask of zeros leaves the payload as it is
  const head = Buffer.from([
    0x81,
    0x80 | 126,
    payload.length >> 8,
    payload.length & 255,
    0,
    0,
    0,
    0,
  ])
  return Buffer.concat([head, payload])
}

async function sender() {
  const { startMockExchange } = await import('../dist/sim/mock-exchange.js')
  const { listInstruments } = await import('../dist/sim/instruments.js')
  const { systemClock } = await import('../dist/core/clock.js')
  const { systemTimers } = await import('../dist/core/timer.js')
  const { createLogger } = await import('../dist/core/log.js')
  const symbols = listInstruments('linear', Number(values.symbols)).map((i) => i.symbol)
  const started = await startMockExchange({
    port: 0,
    host: '127.0.0.1',
    symbols: Number(values.symbols),
    rate: values.rate === 'max' ? Number.POSITIVE_INFINITY : Number(values.rate),
    seed: 1,
    clock: systemClock,
    timers: systemTimers,
    log: createLogger('bench', 'silent'),
  })
  if (!started.ok) {
    console.error(started.message)
    process.exit(1)
  }
  const mock = started.value
  const args = ['--reader', String(mock.port), '--topics', values.topics]
  const child = fork(process.argv[1], [...args, '--connections', values.connections], {
    env: { ...process.env, BENCH_SYMBOLS: JSON.stringify(symbols) },
  })
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const before = mock.stats()
  const cpuBefore = process.cpuUsage()
  const from = performance.now()
  await new Promise((resolve) => setTimeout(resolve, Number(values.seconds) * 1000))
  const seconds = (performance.now() - from) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  const after = mock.stats()
  const cpuSeconds = (cpu.user + cpu.system) / 1e6
  const messages = after.messages_sent - before.messages_sent
  console.log(
    JSON.stringify({
      rate: values.rate,
      topics: values.topics,
      messages_per_second: Math.round(messages / seconds),
      messages_per_cpu_second: Math.round(messages / cpuSeconds),
      cores: Number((cpuSeconds / seconds).toFixed(3)),
      bytes_per_message: Math.round((after.bytes_sent - before.bytes_sent) / messages),
      behind_ms: after.behind_ms,
      dropped_clients: after.dropped_clients,
      connections: after.connections,
      rss_mb: Math.round(process.memoryUsage().rss / 1e6),
    }),
  )
  child.kill()
  await mock.stop()
  process.exit(0)
}
