// Feeds frames to the compiled pipeline, and says what the heap did meanwhile: one JSON line.
//   node --expose-gc --min-semi-space-size=16 --max-semi-space-size=16 allocation-run.js STAGE MESSAGES
// STAGE is decode, book or features: how far a frame goes. The frames are made before, and only
// digits of them change in place: update ids, times and trade ids go on, so that no window fills.
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { Book } from '../../dist/book/book.js'
import { parseStep } from '../../dist/core/decimal.js'
import { Histogram } from '../../dist/core/histogram.js'
import { Random } from '../../dist/core/random.js'
import { SymbolFeatures } from '../../dist/features/symbol-features.js'
import { BybitDecoder } from '../../dist/feed/bybit/decoder.js'
import { Sequencer } from '../../dist/feed/sequencer.js'
import { createBooks } from '../../dist/memory/book-layout.js'
import { openBookView } from '../../dist/memory/book-view.js'
import { Counters } from '../../dist/memory/counters.js'
import { Pipeline } from '../../dist/threads/pipeline.js'

const [stage, messages] = [process.argv[2], Number(process.argv[3])]
const DEPTH = 50
const FRAMES = 4096
const WARM_UP = 200_000
const MID_TICKS = 650_000
const START_MS = 1_786_310_819_000
/** The written numbers all have thirteen digits, so that they can be changed in place. */
const FIRST_ID = 1_000_000_000_000

const instrument = {
  ...{ index: 0, symbol: 'BTCUSDT', category: 'linear' },
  ...{ tick: parseStep('0.1'), lot: parseStep('0.001') },
  ...{ minOrderLots: 1, maxOrderLots: 1e9, minNotionalQuote: 0 },
  features: { bandTicks: 50, refNotionalQuote: '10000', vpinBucketBase: '10' },
}
const topics = [
  { index: 0, name: 'orderbook.50.BTCUSDT', kind: 'orderbook', depth: DEPTH, instrument },
  { index: 1, name: 'publicTrade.BTCUSDT', kind: 'publicTrade', depth: 0, instrument },
]
const random = new Random(1)

function level(sign, distance, canDelete) {
  const price = ((MID_TICKS + sign * distance) / 10).toFixed(2)
  const isDeleted = canDelete && random.below(3) === 0
  return [price, isDeleted ? '0' : (0.001 * (1 + random.below(9000))).toFixed(3)]
}

function bookFrame(type) {
  const side = (sign) => {
    const all = Array.from({ length: 60 }, (_, i) => i + 1)
    const some = type === 'snapshot' ? all : all.filter(() => random.below(20) === 0)
    return some.map((distance) => level(sign, distance, type === 'delta'))
  }
  const data = { s: 'BTCUSDT', b: side(-1), a: side(1), u: FIRST_ID, seq: FIRST_ID }
  const frame = { topic: topics[0].name, type, ts: START_MS, data, cts: START_MS }
  return patchable(JSON.stringify(frame), ['"u":', '"seq":'], ['"ts":', '"cts":'])
}

function tradeFrame() {
  const [p, v] = level(random.below(2) * 2 - 1, 1, false)
  const S = random.below(2) === 0 ? 'Buy' : 'Sell'
  const i = `a9188a0a-82bc-50de-${FIRST_ID}`
  const trade = {
    T: START_MS,
    s: 'BTCUSDT',
    S,
    v,
    p,
    L: 'PlusTick',
    i,
    BT: false,
    RPI: false,
    seq: FIRST_ID,
  }
  const frame = { topic: topics[1].name, type: 'snapshot', ts: START_MS, data: [trade] }
  return patchable(JSON.stringify(frame), ['50de-', '"seq":'], ['"ts":', '"T":'])
}

function patchable(text, ids, times) {
  const places = (keys) => keys.map((key) => text.indexOf(key) + key.length)
  return { bytes: Buffer.from(text), ids: places(ids), times: places(times) }
}

/** Integers of half the size, as a larger one would be boxed on the heap. */
function writeDigits(bytes, at, high, low) {
  for (let i = 12; i >= 7; i--) {
    bytes[at + i] = 48 + (low % 10)
    low = (low / 10) | 0
  }
  for (let i = 6; i >= 0; i--) {
    bytes[at + i] = 48 + (high % 10)
    high = (high / 10) | 0
  }
}

const frames = Array.from({ length: FRAMES }, () =>
  random.below(4) === 0 ? tradeFrame() : bookFrame('delta'),
)
frames.unshift(bookFrame('snapshot'))
const counters = new Counters()
const decoder = new BybitDecoder(counters)
for (const topic of topics) decoder.addTopic(topic)
const symbolFeatures =
  stage === 'features' ? new SymbolFeatures({ instrument, depth: DEPTH, counters }) : undefined
const nothing = () => {}
const pipeline = new Pipeline({
  decoder,
  sequencer: new Sequencer(topics.length),
  topics,
  books: [new Book(openBookView(createBooks(1, DEPTH), 0, DEPTH), DEPTH), undefined],
  features: [symbolFeatures, symbolFeatures],
  counters,
  clock: { nowUs: () => 7 },
  socketToBook: new Histogram(),
  sink: {
    ...{ onRow: nothing, onTrades: nothing, onTicker: nothing },
    ...{ onControl: nothing, onData: nothing, onResync: nothing },
  },
})

let sent = 0
let bookUpdates = 0
function send(count) {
  const isDecoded = stage === 'decode'
  for (let i = 0; i < count; i++) {
    // The snapshot is sent once, at the very beginning.
    const frame = frames[sent === 0 ? 0 : 1 + (sent % FRAMES)]
    const { bytes, ids, times } = frame
    const isBook = bytes[10] === 111 // "o"
    if (isBook) bookUpdates++
    const id = isBook ? bookUpdates : sent
    const elapsedMs = 10 * sent + 819_000
    writeDigits(bytes, ids[0], 1_000_000, id)
    writeDigits(bytes, ids[1], 1_000_000, sent % 1_000_000)
    for (let k = 0; k < times.length; k++) {
      writeDigits(bytes, times[k], 1_786_310 + ((elapsedMs / 1_000_000) | 0), elapsedMs % 1_000_000)
    }
    if (isDecoded) decoder.decode(bytes)
    else pipeline.onFrame(bytes, 5, 0)
    sent++
  }
}

let scavenges = 0
const observer = new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) scavenges++
  }
})
observer.observe({ entryTypes: ['gc'] })
const turn = () => new Promise((resolve) => setTimeout(resolve, 20))

send(WARM_UP)
await turn()
globalThis.gc()
await turn()
scavenges = 0
const before = process.memoryUsage().heapUsed
send(messages)
const grown = process.memoryUsage().heapUsed - before
await turn()
const seen = scavenges
globalThis.gc()
const kept = process.memoryUsage().heapUsed - before
const count = (name) => counters.get(name)
const facts = { fallbacks: count('frames_fallback'), gaps: count('gaps'), rows: count('rows') }
const trades = { trades_counted: count('trades_counted'), applied: count('books_applied') }
const bad = count('bad_data') + count('frames_malformed') + count('window_overflows')
process.stdout.write(
  `${JSON.stringify({ stage, messages, scavenges: seen, grown, kept, bad, ...facts, ...trades })}\n`,
)
