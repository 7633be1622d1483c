import { fail, type Result, succeed } from '../core/result.ts'
import type { Category } from '../domain/instrument.ts'
import { EPISODE_NAMES, EPISODE_SCRIPTS, type EpisodeName, isEpisode } from './episode-scripts.ts'
import { EpisodeStage, type EpisodeTruth } from './episode-stage.ts'
import { ASK, BID } from './matching-engine.ts'
import type { SymbolMarket } from './symbol-market.ts'

/** One line of a plan: what is planted where and when, in seconds after the market began. */
export type PlannedEpisode = Readonly<{
  episode: EpisodeName
  symbol: string
  side: 'bid' | 'ask'
  at_s: number
}>

/** What is usual must be known before anything can stand out; volumes need longest. */
const FIRST_AT_S = 150
/** The longest episode takes a minute, and then the market comes to rest. */
const PERIOD_S = 100

/** Every episode in turn, on the bid and the ask side by turns, the symbols out of step. */
export function standardEpisodes(symbols: readonly string[], seconds: number): PlannedEpisode[] {
  const plan: PlannedEpisode[] = []
  for (const [at, symbol] of symbols.entries()) {
    let turn = at * 5
    for (let second = FIRST_AT_S; second + PERIOD_S <= seconds; second += PERIOD_S) {
      const episode = EPISODE_NAMES[turn % EPISODE_NAMES.length]
      const round = Math.floor(turn / EPISODE_NAMES.length) + at
      plan.push({ episode, symbol, side: round % 2 === 0 ? 'bid' : 'ask', at_s: second })
      turn++
    }
  }
  return plan
}

/** A plan from a file: a JSON list of `PlannedEpisode`. */
export function parseEpisodes(text: string): Result<readonly PlannedEpisode[], 'config_invalid'> {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return fail('config_invalid', 'the episodes file is not JSON')
  }
  if (!Array.isArray(content)) return fail('config_invalid', 'the episodes file must be a list')
  const plan: PlannedEpisode[] = []
  for (const [at, line] of content.entries()) {
    const { episode, symbol, side = 'bid', at_s: atS } = Object(line)
    const known = EPISODE_NAMES.join(', ')
    if (typeof episode !== 'string' || !isEpisode(episode)) {
      return fail('config_invalid', `episodes[${at}].episode must be one of ${known}`)
    }
    if (typeof symbol !== 'string' || (side !== 'bid' && side !== 'ask') || !(atS >= 0)) {
      return fail('config_invalid', `episodes[${at}] needs symbol, side (bid or ask) and at_s`)
    }
    plan.push({ episode, symbol, side, at_s: atS })
  }
  return succeed(plan)
}

type Running = { stage: EpisodeStage; script: Generator<number, void, void>; dueUs: number }

/** Plays a plan on the markets of the mock, in their own time, and keeps what was planted. */
export class EpisodeDirector {
  /** In the order in which it was planted. */
  readonly truths: EpisodeTruth[] = []
  readonly #waiting: PlannedEpisode[]
  readonly #category: Category
  readonly #startUs: number
  #running: Running[] = []

  constructor(plan: readonly PlannedEpisode[], category: Category, startUs: number) {
    this.#waiting = [...plan].sort((a, b) => a.at_s - b.at_s)
    this.#category = category
    this.#startUs = startUs
  }

  /** Called as the market's time goes on, every few milliseconds of it. */
  advance(
    nowUs: number,
    marketOf: (category: Category, symbol: string) => SymbolMarket | undefined,
  ): void {
    while (this.#waiting.length > 0 && this.#startUs + this.#waiting[0].at_s * 1e6 <= nowUs) {
      const planned = this.#waiting.shift()
      if (planned === undefined) break
      const market = marketOf(this.#category, planned.symbol)
      if (market === undefined) continue
      const stage = new EpisodeStage(market, planned.side === 'bid' ? BID : ASK, this.truths)
      stage.nowMs = nowUs / 1000
      this.#running.push({ stage, script: EPISODE_SCRIPTS[planned.episode](stage), dueUs: nowUs })
    }
    if (this.#running.length === 0) return
    this.#running = this.#running.filter((one) => !this.#play(one, nowUs))
  }

  /** True when it is over. */
  #play(one: Running, nowUs: number): boolean {
    while (one.dueUs <= nowUs) {
      one.stage.nowMs = nowUs / 1000
      const step = one.script.next()
      if (step.done === true) return true
      one.dueUs = Math.max(nowUs + 1, one.dueUs + step.value * 1000)
    }
    return false
  }
}
