import type { ExecutionState } from '../execution/execution-state.ts'
import type { ExitOptions } from '../execution/exits/exit-options.ts'
import { besideTheirs, isDue, wantedLevels } from '../execution/exits/held-levels.ts'
import { lookOf } from '../execution/exits/level-keeper.ts'
import type { PositionLevels } from '../execution/gateway/gateway.ts'
import { areSameLevels } from '../execution/reconcile/account-check.ts'

const NONE: PositionLevels = { stopTicks: Number.NaN, targetTicks: Number.NaN }
const HISTORY_MAX = 512
const TRAIL_LOOKS_MAX = 100

/** Stops and targets that the simulated exchange keeps with its positions, as a real one does. */
export class SimStops {
  /** By key, oldest first. */
  readonly #kept = new Map<string, { timeUs: number; levels: PositionLevels }[]>()

  at(key: string, timeUs: number): PositionLevels {
    return this.#kept.get(key)?.findLast((entry) => entry.timeUs <= timeUs)?.levels ?? NONE
  }

  now(key: string): PositionLevels {
    return this.#kept.get(key)?.at(-1)?.levels ?? NONE
  }

  set(key: string, levels: PositionLevels, timeUs: number): void {
    const kept = this.#kept.get(key) ?? []
    this.#kept.set(key, kept)
    kept.push({ timeUs, levels })
    if (kept.length > HISTORY_MAX) kept.shift()
  }

  /**
   * A fill moved the position: those of a closed one are gone, and an order that makes it larger
   * brings its own.
   */
  moved(
    key: string,
    lots: Readonly<{ before: number; after: number }>,
    brought: Partial<PositionLevels>,
    timeUs: number,
  ): void {
    const { after, before } = lots
    const isKept = after !== 0 && Math.sign(after) === Math.sign(before)
    const old = isKept ? this.now(key) : NONE
    const hasGrown = !isKept || Math.abs(after) > Math.abs(before)
    const given = (level: number | undefined, kept: number) =>
      hasGrown && after !== 0 && level !== undefined && level > 0 ? level : kept
    const levels = {
      stopTicks: given(brought.stopTicks, old.stopTicks),
      targetTicks: given(brought.targetTicks, old.targetTicks),
    }
    if (!areSameLevels(levels, this.now(key))) this.set(key, levels, timeUs)
  }

  /** The price has reached one of them. */
  isDue(key: string, lots: number, ticks: number): boolean {
    const { stopTicks, targetTicks } = this.now(key)
    const direction = Math.sign(lots)
    return direction * (ticks - stopTicks) <= 0 || direction * (ticks - targetTicks) >= 0
  }
}

/** `there`: what the exchange keeps. */
type LevelsProblem = Readonly<{ text: string; there: string }>

/** What of our positions the exchange does not guard as it should; undefined: nothing. */
export function levelsProblem(
  state: ExecutionState,
  exits: ExitOptions,
  stops: SimStops,
): LevelsProblem | undefined {
  for (const [key, holding] of state.holdings) {
    const { plan, position } = holding
    if (plan === undefined || position.lots === 0) continue
    const there = stops.now(key)
    const ours = wantedLevels(lookOf(holding, plan, exits))
    const direction = Math.sign(position.lots)
    const wanted = plan.isTakenOver ? besideTheirs(ours, there, direction) : ours
    // A trail that moved by little is not told.
    if (!isDue(there, wanted, Number.POSITIVE_INFINITY, exits.held)) continue
    const thereText = `${key}: ${levelsText(there)}`
    return { text: `${thereText} there and ${levelsText(wanted)} here`, there: thereText }
  }
  return undefined
}

export function levelsText({ stopTicks, targetTicks }: PositionLevels): string {
  return `stop ${stopTicks}, target ${targetTicks}`
}

/** A trail goes on while the market moves, and is told ever so often: what matters is that it is. */
export async function lastingProblem(
  look: () => LevelsProblem | undefined,
  pass: () => Promise<void>,
): Promise<string | undefined> {
  let before: string | undefined
  for (let looks = 0; looks < TRAIL_LOOKS_MAX; looks++) {
    const problem = look()
    if (problem === undefined) return undefined
    if (problem.there === before) return problem.text
    before = problem.there
    await pass()
  }
  return undefined
}
