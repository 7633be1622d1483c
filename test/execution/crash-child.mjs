// The actor over a real journal, fed without end; crash.test.ts kills it. Arguments: data folder, file of sent orders, seed.
import { openSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '../../dist/core/clock.js'
import { parseStep } from '../../dist/core/decimal.js'
import { createLogger } from '../../dist/core/log.js'
import { Random } from '../../dist/core/random.js'
import { ExecutionActor } from '../../dist/execution/actor.js'
import { ExecutionState } from '../../dist/execution/execution-state.js'
import { PaperGateway } from '../../dist/execution/gateway/paper-gateway.js'
import { openJournal } from '../../dist/execution/journal/journal.js'
import { Ledger } from '../../dist/execution/ledger.js'
import { DEFAULT_EXECUTION_OPTIONS } from '../../dist/execution/options.js'
import { foldInto, recover, startRun } from '../../dist/execution/recovery.js'
import { createBookCopy } from '../../dist/memory/book-view.js'
import { Counters } from '../../dist/memory/counters.js'
import * as intent from '../../dist/memory/intent-record.js'

const [dataFolder, sentFile, seed] = process.argv.slice(2)
const random = new Random(Number(seed))
const clock = systemClock
const tick = parseStep('0.1')
const lot = parseStep('0.001')
const instruments = Array.from({ length: 5 }, (_, index) => ({
  index,
  symbol: `S${index}USDT`,
  category: 'linear',
  tick,
  lot,
  minOrderLots: 1,
  maxOrderLots: 1e6,
  minNotionalQuote: 5,
  features: { bandTicks: 10, refNotionalQuote: '1000', vpinBucketBase: '1' },
}))
const options = {
  ...DEFAULT_EXECUTION_OPTIONS,
  entryTimeInForce: 'gtc',
  restMsMax: 10,
  pollMs: 2,
  paper: { ...DEFAULT_EXECUTION_OPTIONS.paper, latencyUs: 500 },
}

const copies = instruments.map(() => createBookCopy(5))
const books = { read: (index) => copies[index] }
function moveBook(index) {
  const book = copies[index]
  const mid = 10_000 + random.below(11) - 5
  book.state = 'LIVE'
  book.u++
  book.dataUs = clock.nowUs()
  book.bidCount = 5
  book.askCount = 5
  for (let i = 0; i < 5; i++) {
    book.bidTicks[i] = mid - 1 - i
    book.askTicks[i] = mid + 1 + i
    book.bidLots[i] = 1 + random.below(60)
    book.askLots[i] = 1 + random.below(60)
  }
}
for (const { index } of instruments) moveBook(index)

const state = new ExecutionState()
const opened = await openJournal({ dataFolder, clock, segmentBytesMax: 64 * 1024 }, foldInto(state))
if (!opened.ok) {
  process.stdout.write(`${JSON.stringify(opened)}\n`)
  process.exit(1)
}
const { journal } = opened.value
startRun(journal, state, { instruments, options, version: 'test', clock })
const paper = new PaperGateway({
  books,
  options: options.paper,
  run: journal.run,
  recoveredLots: (key) => state.position(key).lots,
})
const sent = openSync(sentFile, 'a')
const submit = paper.submit.bind(paper)
paper.submit = (order, nowUs) => {
  writeSync(sent, `${order.orderLinkId}\n`)
  return submit(order, nowUs)
}
const ledger = new Ledger({
  journal,
  audit: { publish() {} },
  log: createLogger('crash', 'silent'),
  counters: new Counters(),
  instruments,
  state,
})
const control = { setTradingState() {}, isKilled: () => false }
const actor = new ExecutionActor({
  clock,
  ledger,
  gateway: paper,
  books,
  instruments,
  options,
  control,
})
const recovered = await recover(actor, ledger, paper, { options, clock })
const positions = Object.fromEntries(
  instruments.map(({ symbol }) => [symbol, state.position(`linear:${symbol}`).lots]),
)
process.stdout.write(`${JSON.stringify({ ...recovered, positions })}\n`)

const record = new Float64Array(intent.INTENT_FIELDS)
for (let number = 1; ; number++) {
  const index = random.below(instruments.length)
  if (random.below(3) === 0) moveBook(index)
  const action = random.below(3)
  const offset = random.below(5)
  record.fill(Number.NaN)
  record[intent.INTENT_NUMBER] = number
  record[intent.INTENT_SHARD] = 0
  record[intent.INTENT_INSTRUMENT] = index
  record[intent.INTENT_STRATEGY] = 0
  record[intent.INTENT_ACTION] = action
  record[intent.INTENT_REASON] = 1
  record[intent.INTENT_U] = copies[index].u
  record[intent.INTENT_CREATED_US] = clock.nowUs()
  record[intent.INTENT_RECEIVE_US] = clock.nowUs() // another decision than that of an earlier run
  record[intent.INTENT_LIMIT_TICKS] = 10_000 + (action === 0 ? offset : -offset)
  record[intent.INTENT_STOP_TICKS] = action === 0 ? 9_997 : 10_003
  record[intent.INTENT_HOLD_MS_MAX] = 20
  record[intent.INTENT_NOTIONAL_QUOTE] = 20 + random.below(100)
  actor.receiveIntent(record, 0)
  await actor.turn()
  if (number % 4 === 0) await setImmediate()
}
