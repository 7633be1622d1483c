import type { InstrumentTable } from '../domain/instrument.ts'
import type { RemoteExecution } from '../execution/gateway/gateway.ts'
import { instrumentKey } from '../execution/holding.ts'
import type { RiskLimits } from '../execution/options.ts'
import { parseOrderLinkId } from '../execution/order/order-link-id.ts'
import type { InvariantNumber } from './invariants.ts'
import type { JournalMirror } from './journal-mirror.ts'
import type { SimExchange } from './sim-exchange.ts'
import type { Timeline } from './timeline.ts'

export type LossCheckParts = Readonly<{
  timeline: Timeline
  exchange: SimExchange
  mirror: JournalMirror
  instruments: InstrumentTable
  limits: RiskLimits
  fail: (invariant: InvariantNumber, message: string) => void
}>

const LOSS_REASONS: readonly string[] = ['daily_loss', 'max_drawdown']
const HALTED_WITHIN_US = 3_000_000
const FLAT_WITHIN_US = 30_000_000
/** What others did before our first run is no loss of ours, and the engine's price is a mid. */
const SLACK = 1.1
const SLACK_QUOTE = 5

/**
 * Losses as the exchange counts them, and what the limits on them ask for. Money that is taken out
 * or paid in is no loss.
 */
export class LossCheck {
  readonly #parts: LossCheckParts
  #lostUs = Number.NaN
  #leftUs = Number.NaN
  /** Looks at a loss beyond its limit that the durable state answered to. */
  reached = 0

  constructor(parts: LossCheckParts) {
    this.#parts = parts
  }

  /** `canSee`: the engine runs and agrees with the exchange. `isCalm`: and nothing fails. */
  look(canSee: boolean, isCalm: boolean): void {
    const { fail, mirror, timeline } = this.#parts
    const nowUs = timeline.nowUs()
    const loss = this.#loss()
    const isHalted = this.#isHalted || mirror.killPhase !== undefined
    if (loss !== undefined && isHalted) this.reached++
    if (!canSee || isHalted || loss === undefined) this.#lostUs = Number.NaN
    else if (Number.isNaN(this.#lostUs)) this.#lostUs = nowUs
    else if (nowUs - this.#lostUs > HALTED_WITHIN_US) {
      fail(30, `${loss}, and trading is ${mirror.tradingState} (${mirror.tradingReason})`)
    }
    if (!canSee || !isCalm || !this.isUnfinished) this.#leftUs = Number.NaN
    else if (Number.isNaN(this.#leftUs)) this.#leftUs = nowUs
    else if (nowUs - this.#leftUs > FLAT_WITHIN_US) {
      fail(30, `halted for ${mirror.tradingReason}, and not flat`)
    }
  }

  /** Halted for a loss, and something is held or may be opened still. */
  get isUnfinished(): boolean {
    const { exchange, instruments } = this.#parts
    if (!this.#isHalted) return false
    if (instruments.some((each) => exchange.lots(instrumentKey(each)) !== 0)) return true
    return exchange.open().some(({ orderLinkId }) => parseOrderLinkId(orderLinkId) !== undefined)
  }

  get #isHalted(): boolean {
    const { tradingReason, tradingState } = this.#parts.mirror
    return tradingState === 'halted' && LOSS_REASONS.includes(tradingReason)
  }

  /** The limit that was reached, by what is counted here already; undefined: none. */
  #loss(): string | undefined {
    const { exchange, instruments, limits, mirror } = this.#parts
    const { resultQuote, startQuote } = exchange.wallet
    const equityQuote = startQuote + resultQuote + SLACK_QUOTE
    const dayLossQuote = mirror.dayQuote - equityQuote
    const fallen = 1 - equityQuote / mirror.peakQuote
    const isDayLost = dayLossQuote > SLACK * limits.dailyLossFractionMax * mirror.dayQuote
    const hasFallen = fallen > SLACK * limits.drawdownFractionMax
    if (!isDayLost && !hasFallen) return undefined
    const keys = new Set(instruments.map(instrumentKey))
    const isMissing = ({ execId, key }: RemoteExecution) =>
      keys.has(key) && !mirror.counted.has(execId)
    if (exchange.executions.some(isMissing)) return undefined
    return isDayLost ? `${dayLossQuote} were lost on the day` : `${fallen} of the peak is lost`
  }
}
