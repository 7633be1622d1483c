import type { Random } from '../core/random.ts'
import { instrumentKey } from '../execution/holding.ts'
import * as command from '../memory/command-record.ts'
import * as intent from '../memory/intent-record.ts'
import { writeText } from '../memory/text-slots.ts'
import { DueWatch } from './due-watch.ts'
import { type IncidentActs, Incidents } from './incidents.ts'
import type { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

const INTENT_US = 120_000
const BOOK_US = 80_000
const TRADE_US = 100_000
const COMMAND_US = 2_000_000
const CHANGE_US = 40_000
const LEVELS_US = 2_000_000
/** Far enough that most of them are not reached. */
const LEVELS_TICKS = [24, 7, 36]
const INCIDENT_US = 300_000
const LOOK_US = 500_000
const INTENTS_KEPT = 48
const PERSON = 'a person'
const REASON = 'because'
const INTENT_AGE_US_MAX = 20_000

/** How often a person asks for what; a resume must come often enough to see trading again. */
const COMMANDS_ASKED: readonly (readonly [command.Command, number])[] = [
  ['resume', 20],
  ['cancel_all', 3],
  ['halt', 2],
  ['reduce_only', 2],
  ['flatten', 2],
  ['kill', 2],
  ['release', 6],
  ['risk_off', 2],
  ['risk_on', 14],
]
const COMMANDS_WEIGHT = COMMANDS_ASKED.reduce((sum, [, weight]) => sum + weight, 0)

/**
 * What happens around the engine in one history: a market that moves, strategies that want, people
 * who command, others who trade on the account, and incidents of which the fault plan says when.
 */
export class Script {
  readonly exits: DueWatch
  readonly #world: World
  readonly #random: Random
  /** Of now; there is a moment without one after each crash. */
  readonly #process: () => SimProcess | undefined
  readonly #kept: Float64Array[] = []
  readonly #incidents: Incidents
  #isOver = false
  #isTrading = true
  #intents = 0
  #commands = 0

  constructor(
    world: World,
    random: Random,
    parts: Readonly<{
      process: () => SimProcess | undefined
      acts: IncidentActs
    }>,
  ) {
    this.exits = new DueWatch(world)
    this.#world = world
    this.#random = random
    this.#process = parts.process
    this.#incidents = new Incidents(world, random, parts)
  }

  begin(): void {
    this.#every(BOOK_US, () => this.#world.market.move(this.#anyInstrument()), 'market')
    this.#every(TRADE_US, () => this.#world.exchange.trade(), 'trading')
    this.#every(INTENT_US, () => this.#want())
    this.#every(COMMAND_US, () => this.#commandAny())
    this.#every(CHANGE_US, () => this.#changeAny())
    this.#moveLevelsLater()
    this.#lookLater()
    this.#every(INCIDENT_US, () => this.#incidents.happen())
  }

  /** Only the market goes on, and for a while what rests is still filled. */
  end(): void {
    this.#isOver = true
  }

  endTrading(): void {
    this.#isTrading = false
    this.#moveLevels()
  }

  #every(meanUs: number, act: () => void, until?: 'market' | 'trading'): void {
    this.#world.timeline.after(Math.ceil(this.#random.exponential(meanUs)), () => {
      if (until === undefined ? this.#isOver : until === 'trading' && !this.#isTrading) return
      act()
      this.#every(meanUs, act, until)
    })
  }

  #anyInstrument(): number {
    return this.#random.below(this.#world.instruments.length)
  }

  #want(): void {
    const { clock, faults, market } = this.#world
    const random = this.#random
    const isRepeated = this.#kept.length > 0 && faults.hits('intent_repeated')
    const record = isRepeated
      ? this.#kept[random.below(this.#kept.length)].slice()
      : new Float64Array(intent.INTENT_FIELDS).fill(Number.NaN)
    this.#intents++
    record[intent.INTENT_NUMBER] = this.#intents
    record[intent.INTENT_CREATED_US] = clock.nowUs() - random.below(INTENT_AGE_US_MAX)
    if (isRepeated) {
      this.#process()?.receiveIntent(record)
      return
    }
    const instrument = this.#anyInstrument()
    const mid = market.mid(instrument)
    const kind = random.below(5)
    const action = kind < 2 ? 0 : kind < 4 ? 1 : 2
    const offset = random.below(9) - 4
    const direction = action === 0 ? 1 : -1
    record[intent.INTENT_SHARD] = 0
    record[intent.INTENT_INSTRUMENT] = instrument
    record[intent.INTENT_STRATEGY] = 0
    record[intent.INTENT_ACTION] = action
    record[intent.INTENT_REASON] = 1
    record[intent.INTENT_U] = this.#intents
    record[intent.INTENT_ROW_NUMBER] = this.#intents
    record[intent.INTENT_RECEIVE_US] = clock.nowUs()
    record[intent.INTENT_LIMIT_TICKS] = mid + direction * offset
    record[intent.INTENT_TARGET_TICKS] = random.below(2) === 0 ? mid + direction * 12 : Number.NaN
    record[intent.INTENT_STOP_TICKS] = random.below(2) === 0 ? mid - direction * 12 : Number.NaN
    record[intent.INTENT_HOLD_MS_MAX] = random.below(2) === 0 ? 300 + random.below(4000) : 0
    record[intent.INTENT_NOTIONAL_QUOTE] = 10 + random.below(3500)
    this.#kept.push(record)
    if (this.#kept.length > INTENTS_KEPT) this.#kept.shift()
    if (faults.hits('intent_malformed')) this.#spoil(record)
    this.#process()?.receiveIntent(record)
  }

  #spoil(record: Float64Array): void {
    const values = [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY, 1e300]
    record[this.#random.below(intent.INTENT_NOTIONAL_QUOTE + 1)] = values[this.#random.below(5)]
  }

  #commandAny(): void {
    let weight = this.#random.below(COMMANDS_WEIGHT)
    const asked = COMMANDS_ASKED.find(([, share]) => {
      weight -= share
      return weight < 0
    })
    const isAll = this.#random.below(3) > 0
    if (asked !== undefined) this.give(asked[0], isAll ? -1 : this.#anyInstrument())
  }

  /** Somebody changes or cancels one order that rests, or may. */
  #changeAny(): void {
    const unfinished = [...(this.#process()?.state.unfinished.values() ?? [])]
    const open = unfinished.filter(({ state }) => state === 'open')
    const meant = open.length > 0 && this.#random.below(4) > 0 ? open : unfinished
    const order = meant[this.#random.below(Math.max(1, meant.length))]
    if (order === undefined) return
    const { limit_ticks, lots, number, run } = order.terms
    const kind = this.#random.below(8) === 0 ? 'cancel_order' : 'amend_order'
    const isPriceKept = this.#random.below(3) === 0
    const former = this.#formerTerms(order.terms.order_link_id)
    this.give(kind, -1, (record) => {
      record[command.COMMAND_ORDER_RUN] = run
      record[command.COMMAND_ORDER_NUMBER] = number
      record[command.COMMAND_LIMIT_TICKS] = isPriceKept
        ? Number.NaN
        : (former?.limitTicks ?? limit_ticks + this.#random.below(13) - 6)
      record[command.COMMAND_LOTS] =
        former?.lots ??
        (this.#random.below(3) === 0 ? Number.NaN : 1 + this.#random.below(2 * lots))
    })
  }

  /** Back to what the order had: a late message of before looks like the change. */
  #formerTerms(orderLinkId: string): Readonly<{ limitTicks: number; lots: number }> | undefined {
    const { bybit, exchange } = this.#world
    if (bybit === undefined || this.#random.below(3) > 0) return undefined
    const history = exchange.orders.get(orderLinkId)?.history ?? []
    return history[this.#random.below(Math.max(1, history.length))]
  }

  #moveLevelsLater(): void {
    this.#world.timeline.after(LEVELS_US, () => {
      if (this.#isOver) return
      this.#moveLevels()
      this.#moveLevelsLater()
    })
  }

  #lookLater(): void {
    const { faults, instruments, market, monitor, timeline } = this.#world
    timeline.after(LOOK_US, () => {
      const isPriced = instruments.every(({ index }) => market.read(index)?.state === 'LIVE')
      const canSee = isPriced && this.#process()?.canSee === true
      monitor.losses.look(canSee, faults.isCalm)
      this.exits.look(this.#process())
      this.#lookLater()
    })
  }

  /** Somebody moves the levels of what is open. */
  #moveLevels(): void {
    const { instruments, market } = this.#world
    for (const instrument of instruments) {
      const lots = this.#process()?.state.position(instrumentKey(instrument)).lots ?? 0
      if (lots === 0) continue
      const ticks = Math.sign(lots) * LEVELS_TICKS[this.#commands % LEVELS_TICKS.length]
      const mid = market.mid(instrument.index)
      this.give('levels', instrument.index, (record) => {
        record[command.COMMAND_STOP_TICKS] = mid - ticks
        record[command.COMMAND_TARGET_TICKS] = this.#commands % 2 === 0 ? mid + ticks : 0
        record[command.COMMAND_TRAILING] = Number.NaN
      })
    }
  }

  /** A command, of all instruments or one, if there is a process to obey it. */
  give(
    kind: command.Command,
    instrument = -1,
    fill: (record: Float64Array) => void = () => {},
  ): void {
    const process = this.#process()
    if (process === undefined || !process.life.isAlive || process.actor === undefined) return
    const { monitor, trace } = this.#world
    trace.add('command', kind)
    if (kind === 'kill') {
      process.latch.kill()
      monitor.onKill()
    }
    if (kind === 'release') monitor.onRelease(this.#commands + 1, process.latch.kills)
    const record = new Float64Array(command.COMMAND_FIELDS)
    record[command.COMMAND_KIND] = command.COMMANDS.indexOf(kind)
    record[command.COMMAND_NUMBER] = ++this.#commands
    record[command.COMMAND_INSTRUMENT] = instrument
    record[command.COMMAND_KILLS] = process.latch.kills
    writeText(record, command.COMMAND_WHO, command.COMMAND_WHO_SLOTS, PERSON)
    writeText(record, command.COMMAND_REASON, command.COMMAND_REASON_SLOTS, REASON)
    fill(record)
    process.command(record)
  }
}
