import { systemClock } from '../../src/core/clock.ts'
import { Random } from '../../src/core/random.ts'
import { type RecordFilePlace, scanRecords } from '../../src/core/record-file.ts'
import { RecordWriter } from '../../src/core/record-writer.ts'
import { JOURNAL_KIND_JSON, JOURNAL_NAME, type JournalRecord } from '../../src/domain/journal.ts'
import { encodeJournalRecord } from '../../src/domain/journal-codec.ts'

/** A journal of made-up but consistent trading, and what its projection must hold. */
const START_US = 1_704_067_200_000_000
const STEPS = [
  { symbol: 'BTCUSDT', category: 'linear' as const, tick: '0.10', lot: '0.001' },
  { symbol: 'PEPEUSDT', category: 'linear' as const, tick: '0.00000001', lot: '100' },
]

export type ExpectedOrder = {
  state: string
  lots: number
  filledLots: number
  notionalTicks: number
}
export type ExpectedPosition = { lots: number; fees: number }

export class JournalMaker {
  readonly records: JournalRecord[] = []
  readonly orders = new Map<string, ExpectedOrder>()
  readonly positions = new Map<string, ExpectedPosition>()
  fills = 0
  #random: Random
  #timeUs = START_US
  #run = 0
  #number = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  /** Begins a run, if need be, and adds about `count` records. */
  trade(count: number): void {
    const end = this.records.length + count
    while (this.records.length < end) {
      const draw = this.#random.float()
      if (this.#run === 0 || draw < 0.01) this.#beginRun()
      else if (draw < 0.05)
        this.#add({
          type: 'trading_state',
          run: this.#run,
          state: 'halted',
          reason: 'command',
          command: 3,
        })
      else if (draw < 0.1) this.#deny()
      else if (draw < 0.12)
        this.#add({
          type: 'breaker',
          run: this.#run,
          breaker: 'gateway',
          state: 'open',
          reason: 'rejected_by_exchange',
        })
      else this.#order()
    }
  }

  #add(record: WithoutTime): void {
    this.#timeUs += 1 + this.#random.below(1000)
    this.records.push({ ...record, time_us: this.#timeUs })
  }

  #beginRun(): void {
    if (this.#run > 0 && this.#random.float() < 0.5)
      this.#add({ type: 'run_stopped', run: this.#run })
    this.#run++
    this.#number = 0
    const instruments = STEPS.map((step, index) => ({ index, ...step }))
    this.#add({
      type: 'run_started',
      run: this.#run,
      version: '0.1.0',
      mode: 'paper',
      equity_quote: 100_000,
      instruments,
    })
    this.#add({ type: 'day_started', day: 19_000 + this.#run, equity_quote: 100_000 })
  }

  #deny(): void {
    const { symbol, category } = STEPS[this.#random.below(2)]
    this.#add({
      type: 'intent_denied',
      run: this.#run,
      symbol,
      category,
      shard: 0,
      intent_number: 7,
      action: 'enter_long',
      u: 2 ** 52,
      reason: 'open_symbols_limit',
      times: 3,
    })
  }

  #order(): void {
    const { symbol, category } = STEPS[this.#random.below(2)]
    const side = this.#random.float() < 0.5 ? ('buy' as const) : ('sell' as const)
    const lots = 1 + this.#random.below(1000)
    const ticks = 600_000 + this.#random.below(1000)
    const id = `bf-${this.#run}-${++this.#number}`
    const run = this.#run
    this.#add({
      type: 'order_created',
      run,
      number: this.#number,
      order_link_id: id,
      symbol,
      category,
      side,
      order_type: 'limit',
      time_in_force: 'ioc',
      reduce_only: false,
      limit_ticks: ticks,
      lots,
      target_ticks: ticks + 0.5,
      stop_ticks: null,
      hold_ms_max: 0,
      shard: 1,
      intent_number: this.#number,
      decision: id,
      strategy: 0,
      reason: 'imbalance_and_probability',
      u: 2 ** 52,
      row_number: 12,
      intent_created_us: START_US,
      receive_us: START_US,
      imbalance: 0.75,
      probability: null,
    })
    const order = { state: 'created', lots, filledLots: 0, notionalTicks: 0 }
    this.orders.set(id, order)
    const enter = (
      event: 'submit' | 'accept' | 'fill' | 'complete' | 'cancel',
      to: 'submitted' | 'open' | 'filled' | 'canceled',
    ) => {
      const from =
        order.state === 'created' ? 'created' : order.state === 'submitted' ? 'submitted' : 'open'
      this.#add({
        type: 'order_state',
        run,
        order_link_id: id,
        symbol,
        event,
        from,
        to,
        reason: 'ok',
      })
      order.state = to
    }
    enter('submit', 'submitted')
    if (this.#random.float() < 0.1) return // the run dies before the answer
    const position = this.positions.get(symbol) ?? { lots: 0, fees: 0 }
    while (order.filledLots < lots && this.#random.float() < 0.8) {
      const part = Math.min(lots - order.filledLots, 1 + this.#random.below(lots))
      const price = ticks - this.#random.below(5)
      const fee = part * 0.25
      order.filledLots += part
      order.notionalTicks += part * price
      position.lots += side === 'buy' ? part : -part
      position.fees += fee
      this.positions.set(symbol, position)
      this.fills++
      this.#add({
        type: 'fill',
        run,
        exec_id: `exec-${this.fills}`,
        exec_number: this.fills,
        order_link_id: id,
        symbol,
        category,
        side,
        ticks: price,
        lots: part,
        fee_quote: fee,
        is_maker: false,
        exchange_time_us: START_US,
        position_lots_after: position.lots,
        average_price_after: position.lots === 0 ? null : 60_000.5,
        realized_pnl_quote_after: -1.5,
        fees_quote_after: position.fees,
      })
      const isDone = order.filledLots === lots
      enter(isDone ? 'complete' : 'fill', isDone ? 'filled' : 'open')
    }
    if (order.filledLots < lots) enter('cancel', 'canceled')
  }
}

type WithoutTime = JournalRecord extends infer Each
  ? Each extends JournalRecord
    ? Omit<Each, 'time_us'>
    : never
  : never

/** Appends records as a run of the actor does, in batches of one sync each. */
export async function writeJournal(
  folder: string,
  records: readonly JournalRecord[],
): Promise<RecordFilePlace> {
  const place = { folder, name: JOURNAL_NAME }
  const end = scanRecords(place, () => undefined)
  if (!end.ok) throw new Error(end.message)
  const writer = await RecordWriter.open(
    { place, run: 1, segmentBytesMax: 64 * 1024, queueRecordsMax: 100_000, clock: systemClock },
    end.value,
  )
  if (!writer.ok) throw new Error(writer.message)
  for (const [at, record] of records.entries()) {
    writer.value.append(JOURNAL_KIND_JSON, encodeJournalRecord(record))
    if (at % 100 === 99) await writer.value.flush()
  }
  await writer.value.close()
  return place
}
