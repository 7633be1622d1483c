import type { Clock } from '../core/clock.ts'
import { type Failure, fail, type Result, succeed } from '../core/result.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { JournalRecord } from '../domain/journal.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { ExecutionActor } from './actor.ts'
import type { ExecutionState } from './execution-state.ts'
import type { Gateway } from './gateway/gateway.ts'
import type { Journal } from './journal/journal.ts'
import type { Ledger } from './ledger.ts'
import type { ExecutionOptions } from './options.ts'
import { strayOrders, WHOLE_PROOF } from './reconcile/reconcile.ts'

/** What a start found in the journal, for the log and the supervisor. */
export type Recovered = Readonly<{
  run: number
  records: number
  fills: number
  /** Orders that the last run left unfinished, all of them settled now. */
  orders: number
  /** Symbols with an open position. */
  positions: number
  /** Among them those that are not configured any more: nobody watches or closes them. */
  positionsUnwatched: number
  realizedPnlQuote: number
}>

/** For the reader of the journal: folds each record into `state`. */
export function foldInto(
  state: ExecutionState,
): (record: JournalRecord) => Failure<ResultCode> | undefined {
  return (record) => {
    const applied = state.apply(record)
    return applied.ok ? undefined : applied
  }
}

/**
 * The first record of the run. Refused when an open position cannot be counted in the steps of
 * today's instruments.
 */
export function startRun(
  journal: Journal,
  state: ExecutionState,
  run: Readonly<{
    instruments: InstrumentTable
    options: ExecutionOptions
    version: string
    /** `paper` where it is left out. */
    mode?: string
    clock: Clock
    /** For the record: secrets redacted. */
    config?: Readonly<Record<string, unknown>>
  }>,
): Result<void, ResultCode> {
  const record: JournalRecord = {
    type: 'run_started',
    time_us: run.clock.nowUs(),
    run: journal.run,
    version: run.version,
    mode: run.mode ?? 'paper',
    equity_quote: run.options.equityQuote,
    instruments: run.instruments.map(({ index, symbol, category, tick, lot }) => ({
      index,
      symbol,
      category,
      tick: tick.text,
      lot: lot.text,
    })),
    ...(run.config === undefined ? {} : { config: run.config }),
  }
  const applied = state.apply(record)
  if (!applied.ok) return fail('config_invalid', applied.message)
  const appended = journal.append(record)
  return appended.ok ? succeed(undefined) : appended
}

/**
 * Start-up and recovery are one path: the journal was folded, now the exchange is asked about every
 * order that was left unfinished, before any new one is possible. An order that the exchange does
 * not know is settled and never sent again. Then the trading state is entered. Refused with
 * `outcome_unknown` when the exchange does not answer.
 */
export async function recover(
  actor: ExecutionActor,
  ledger: Ledger,
  gateway: Gateway,
  run: Readonly<{ options: ExecutionOptions; clock: Clock }>,
): Promise<Result<Recovered, ResultCode>> {
  const { state, log } = ledger
  const left = [...state.unfinished.values()]
  if (gateway.account !== undefined) return resumeOnAccount(actor, ledger, left.length, run)
  const open = await gateway.openOrders(run.clock.nowUs())
  if (open.kind === 'unknown') return fail('outcome_unknown', `open orders: ${open.message}`)
  for (const order of left) {
    const id = order.terms.order_link_id
    const reply = await gateway.query(id, run.clock.nowUs())
    if (reply.kind === 'unknown') return fail('outcome_unknown', `order ${id}: ${reply.message}`)
    // Nothing of this run was sent yet, so an order that is not found now will not appear.
    actor.flow.reconcile(order, reply, WHOLE_PROOF, run.clock.nowUs())
    log.warn({ order_link_id: id, state: order.state, answer: reply.kind }, 'order recovered')
  }
  for (const id of strayOrders(new Set(state.orders.keys()), open.orders)) {
    log.error({ order_link_id: id }, 'an order of ours is open that no journal knows: canceled')
    await gateway.cancel(id, run.clock.nowUs())
  }
  const recovered = summarize(ledger, left.length)
  for (const [key, { fundingQuote, position }] of state.holdings) {
    // Flat ones too, for what they won.
    if (position.fills > 0 || fundingQuote !== 0) ledger.auditPosition(key, run.clock.nowUs())
  }
  tellUnwatched(ledger)
  // Its exchange is the journal, so it agrees once that is read; recorded like any other.
  ledger.commit({
    type: 'account_reconciled',
    time_us: run.clock.nowUs(),
    run: ledger.run,
    rounds: 0,
    executions: 0,
    orders_open: state.unfinished.size,
    positions_open: recovered.positions,
  })
  actor.strategies.share()
  actor.regime.start(run.options.regime, run.clock.nowUs())
  actor.trading.start(run.options.start, run.clock.nowUs())
  actor.kill.start(run.clock.nowUs())
  if (!(await ledger.flush())) {
    return ledger.failure ?? fail('journal_unavailable', 'the journal cannot be written')
  }
  log.info(recovered, 'recovered')
  return succeed(recovered)
}

/**
 * An exchange with an account of its own answers when its private side is up, which may take a
 * while: the actor starts, refuses what opens, and agrees with the account first (truth.ts).
 */
async function resumeOnAccount(
  actor: ExecutionActor,
  ledger: Ledger,
  orders: number,
  run: Readonly<{ options: ExecutionOptions; clock: Clock }>,
): Promise<Result<Recovered, ResultCode>> {
  const nowUs = run.clock.nowUs()
  actor.flow.resume(nowUs)
  for (const [key, { fundingQuote, position }] of ledger.state.holdings) {
    if (position.fills > 0 || fundingQuote !== 0) ledger.auditPosition(key, nowUs)
  }
  tellUnwatched(ledger)
  actor.strategies.share()
  actor.regime.start(run.options.regime, nowUs)
  actor.trading.start(run.options.start, nowUs)
  actor.kill.start(nowUs)
  actor.cancelBarred(nowUs)
  // Orders that still rest can be changed and canceled by those who see them.
  for (const order of ledger.state.unfinished.values()) ledger.auditOrder(order, nowUs)
  if (!(await ledger.flush())) {
    return ledger.failure ?? fail('journal_unavailable', 'the journal cannot be written')
  }
  const recovered = summarize(ledger, orders)
  ledger.log.info(recovered, 'journal recovered; the account is next')
  return succeed(recovered)
}

/** Nobody watches or closes them: a person has to. */
function tellUnwatched(ledger: Ledger): void {
  for (const [key, { position }] of ledger.state.holdings) {
    const { lots } = position
    if (lots === 0 || ledger.instrument(key) !== undefined) continue
    ledger.log.error({ instrument: key, lots }, 'open position of an instrument not configured')
  }
}

function summarize(ledger: Ledger, orders: number): Recovered {
  const { state } = ledger
  const open = [...state.holdings].filter(([, { position }]) => position.lots !== 0)
  return {
    run: ledger.run,
    records: state.records,
    fills: state.fills,
    orders,
    positions: open.length,
    positionsUnwatched: open.filter(([key]) => ledger.instrument(key) === undefined).length,
    realizedPnlQuote: state.realizedQuote(),
  }
}
