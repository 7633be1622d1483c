// How many rows the desk stream serves, how late, and what it costs.
//
//   this process: writer --rows in shared memory--> stream worker --loopback--> child process: clients
//
// node bench/desk-stream.js [--symbols N] [--rows N] [--clients N] [--seconds N] [--encoding
// msgpack|json] [--smoke] Rows are per symbol and second. Build first: it runs dist/. Latency is
// from the publishing of a row to its arrival in the clients' process, where all clients share one
// thread, so it includes their queue.
import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { decode } from '@msgpack/msgpack'
import { WebSocket } from 'ws'
import { parseStep } from '../dist/core/decimal.js'
import { Histogram } from '../dist/core/histogram.js'
import { openBookView, publishBookState } from '../dist/memory/book-view.js'
import { Counters } from '../dist/memory/counters.js'
import { createRowCopy, openRowView, publishRow } from '../dist/memory/row-view.js'
import { createEngineMemory } from '../dist/threads/engine-memory.js'

const { values } = parseArgs({
  options: {
    symbols: { type: 'string', default: '100' },
    rows: { type: 'string', default: '50' },
    clients: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '5' },
    encoding: { type: 'string', default: 'msgpack' },
    smoke: { type: 'boolean', default: false },
    reader: { type: 'string' },
  },
})
const SYMBOLS = Number(values.symbols)
const SECONDS = values.smoke ? 1 : Number(values.seconds)
const FEATURES = 150
const WRITE_PERIOD_MS = 2

if (values.reader !== undefined) read(Number(values.reader))
else await bench()

function nowUs() {
  return (performance.timeOrigin + performance.now()) * 1000
}

async function bench() {
  const memory = createEngineMemory(SYMBOLS, 1, 50)
  const { worker, server, port } = await startStream(memory)
  const child = fork(import.meta.filename, [...process.argv.slice(2), '--reader', String(port)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  await new Promise((resolve) => child.once('message', resolve))
  const before = worker.performance.eventLoopUtilization()
  const rows = await write(memory)
  const { utilization } = worker.performance.eventLoopUtilization(before)
  const report = await new Promise((resolve) => {
    child.once('message', resolve)
    child.send('stop')
  })
  const counters = new Counters(memory.streamCounters)
  const result = {
    server,
    encoding: values.encoding,
    symbols: SYMBOLS,
    clients: Number(values.clients),
    rows_per_second: Math.round(rows / SECONDS),
    frames_per_second: Math.round(report.frames / SECONDS),
    megabytes_per_second: Math.round(counters.get('stream_bytes') / SECONDS / 1e5) / 10,
    missed: counters.get('stream_conflated'),
    stream_thread_busy: Math.round(utilization * 1000) / 1000,
    row_to_client_us: report.latency,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
  worker.postMessage({ type: 'stop' })
  child.disconnect()
  if (report.frames === 0) process.exitCode = 1
}

async function startStream(memory) {
  const step = parseStep('0.1')
  const instruments = Array.from({ length: SYMBOLS }, (_, index) => ({
    index,
    symbol: `COIN${index}USDT`,
    category: 'linear',
    tick: step,
    lot: step,
  }))
  const names = Array.from({ length: FEATURES }, (_, at) => `feature_${at}`)
  const worker = new Worker(new URL('../dist/threads/stream.worker.js', import.meta.url), {
    workerData: {
      ...memory,
      trades: memory.shards.map((shard) => shard.trades),
      signals: memory.shards.map((shard) => shard.signals),
      counters: memory.streamCounters,
      otherCounters: [],
      instruments,
      features: { hash: 'bench', names, units: names, built: names.map(() => true) },
      options: { host: '127.0.0.1', port: 0, tickMs: 5, clientsMax: 256 },
      logLevel: 'silent',
    },
  })
  const ready = await new Promise((resolve) => worker.once('message', resolve))
  return { worker, ...ready }
}

/** Rows spread evenly over the symbols and over time; answers how many. */
async function write(memory) {
  const rate = (SYMBOLS * Number(values.rows)) / 1e6
  const row = createRowCopy()
  for (let at = 0; at < FEATURES; at++) row.values[at] = Math.sin(at) * 1000
  const views = Array.from({ length: SYMBOLS }, (_, at) => openRowView(memory.rows, at))
  const start = nowUs()
  for (let at = 0; at < SYMBOLS; at++) {
    publishBookState(openBookView(memory.books, at, memory.depth), 'LIVE', 'snapshot', start)
  }
  let written = 0
  while (nowUs() - start < SECONDS * 1e6) {
    for (const due = (nowUs() - start) * rate; written < due; written++) {
      row.rowNumber = 1 + Math.floor(written / SYMBOLS)
      row.publishUs = nowUs()
      row.receiveUs = row.publishUs
      row.ctsMs = row.publishUs // carried to the clients, who take their latency from it
      publishRow(views[written % SYMBOLS], row)
    }
    await new Promise((resolve) => setTimeout(resolve, WRITE_PERIOD_MS))
  }
  return written
}

/** The clients, in a process of their own: they count every frame and look into one of sixteen. */
function read(port) {
  const latency = new Histogram()
  const isJson = values.encoding === 'json'
  let frames = 0
  let ready = 0
  for (let n = 0; n < Number(values.clients); n++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, [`bookflow.${values.encoding}.v1`])
    socket.on('open', () => {
      socket.send(JSON.stringify({ op: 'subscribe', channels: ['features.*'] }))
    })
    let answered = false
    socket.on('message', (message) => {
      if (!answered) {
        answered = true
        if (++ready === Number(values.clients)) process.send('ready')
        return
      }
      if (frames++ % 16 !== 0) return
      const frame = isJson ? JSON.parse(message) : decode(message)
      if (frame.state === 'LIVE') latency.record(Math.max(0, nowUs() - frame.cts))
    })
  }
  process.on('message', () => {
    const quantiles = {
      p50: latency.quantile(0.5),
      p99: latency.quantile(0.99),
      max: latency.max(),
    }
    process.send({ frames, latency: quantiles })
  })
  process.on('disconnect', () => process.exit(0))
}
