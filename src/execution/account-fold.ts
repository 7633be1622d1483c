import { EXEC_IDS_KEPT_MAX, EXTERNAL_ORDERS_KEPT_MAX } from '../constants.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type {
  ExternalFillRecorded,
  ExternalOrderSeen,
  FundingRecorded,
  PositionAdjusted,
} from '../domain/journal.ts'
import { type Holding, instrumentKey, planAfterOthers } from './holding.ts'
import type { PnlFold } from './pnl-fold.ts'
import { RecentIds } from './recent-ids.ts'
import { positionAfter, settle } from './settlement.ts'

type Folded = Result<void, 'journal_corrupt'>

/**
 * What happened on the account beside our orders, as a fold of the journal: executions and orders
 * of others, funding, and positions that were taken over from the exchange.
 */
export class AccountFold {
  /** Executions counted, of ours and of others, oldest first; bounded. */
  readonly execIds = new RecentIds(EXEC_IDS_KEPT_MAX)
  /** Their exchange times, a ring in the same order. */
  readonly #timesUs: number[] = []
  #oldest = 0
  /**
   * Exchange time of the latest execution whose id had to go: what a list has of up to then is taken
   * to be counted, as it cannot be told any more. -Infinity: all are remembered.
   */
  forgottenUs = Number.NEGATIVE_INFINITY
  /** Ids of the exchange, oldest first; bounded. */
  readonly externalOrders = new RecentIds(EXTERNAL_ORDERS_KEPT_MAX)
  /** Exchange time of the latest execution that was counted; NaN before the first. */
  lastExecutionUs = Number.NaN
  externalFills = 0
  adjustments = 0
  readonly #holdings: ReadonlyMap<string, Holding>

  readonly #pnl: PnlFold

  constructor(holdings: ReadonlyMap<string, Holding>, pnl: PnlFold) {
    this.#holdings = holdings
    this.#pnl = pnl
  }

  /** An execution was counted; its id is not counted again. */
  note(execId: string, exchangeTimeUs: number): void {
    this.#remember(execId, exchangeTimeUs)
    if (!(exchangeTimeUs <= this.lastExecutionUs)) this.lastExecutionUs = exchangeTimeUs
  }

  /** Ids of a checkpoint, of which only the latest time is known. */
  restore(execIds: readonly string[], lastExecutionUs: number, forgottenUs: number): void {
    this.lastExecutionUs = lastExecutionUs
    this.forgottenUs = forgottenUs
    for (const execId of execIds) this.#remember(execId, lastExecutionUs)
  }

  #remember(execId: string, exchangeTimeUs: number): void {
    if (this.execIds.has(execId)) return
    const isFull = this.execIds.keep(execId) !== undefined
    if (!isFull) {
      this.#timesUs.push(exchangeTimeUs)
      return
    }
    this.forgottenUs = Math.max(this.forgottenUs, this.#timesUs[this.#oldest])
    this.#timesUs[this.#oldest] = exchangeTimeUs
    this.#oldest = (this.#oldest + 1) % this.#timesUs.length
  }

  externalFill(record: ExternalFillRecorded): Folded {
    const holding = this.#holdings.get(instrumentKey(record))
    if (holding === undefined) return unannounced(record.exec_id, record)
    if (this.execIds.has(record.exec_id)) {
      return fail('journal_corrupt', `external fill ${record.exec_id} was counted before`)
    }
    const position = positionAfter(holding, record)
    if (position.lots !== record.position_lots_after) {
      const text = `leaves ${position.lots} lots, the record says ${record.position_lots_after}`
      return fail('journal_corrupt', `external fill ${record.exec_id} ${text}`)
    }
    holding.plan = planAfterOthers(holding, position.lots, record.time_us)
    settle(this.#pnl, instrumentKey(record), holding, record, position)
    holding.movedUs = record.time_us
    this.externalFills++
    this.note(record.exec_id, record.exchange_time_us)
    return succeed(undefined)
  }

  funding(record: FundingRecorded): Folded {
    const holding = this.#holdings.get(instrumentKey(record))
    if (holding === undefined) return unannounced(record.exec_id, record)
    if (this.execIds.has(record.exec_id)) {
      return fail('journal_corrupt', `funding ${record.exec_id} was counted before`)
    }
    holding.fundingQuote += record.fee_quote
    this.#pnl.funded(instrumentKey(record), record.fee_quote, record.exchange_time_us)
    this.note(record.exec_id, record.exchange_time_us)
    return succeed(undefined)
  }

  externalOrder(record: ExternalOrderSeen): Folded {
    this.externalOrders.add(record.order_id)
    return succeed(undefined)
  }

  adjust(record: PositionAdjusted): Folded {
    const holding = this.#holdings.get(instrumentKey(record))
    if (holding === undefined) return unannounced('an adjustment', record)
    const { position } = holding
    if (position.lots !== record.lots_before) {
      const text = `from ${record.lots_before} lots, the position is ${position.lots}`
      return fail('journal_corrupt', `${record.symbol}: an adjustment ${text}`)
    }
    const lots = record.lots_after
    holding.movedUs = record.time_us
    holding.plan = planAfterOthers(holding, lots, record.time_us)
    holding.position = {
      ...position,
      lots,
      costTickLots: Math.abs(lots) * record.average_ticks,
    }
    holding.fifo.adjust(lots, record.average_ticks)
    this.#pnl.adjusted(instrumentKey(record), record.lots_before)
    this.adjustments++
    return succeed(undefined)
  }
}

function unannounced(
  what: string,
  instrument: Readonly<{ category: string; symbol: string }>,
): Folded {
  const text = `${instrumentKey(instrument)} was not announced`
  return fail('journal_corrupt', `${what}: ${text}`)
}
