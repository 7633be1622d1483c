import type { LevelsWanted } from '../control/ports.ts'
import { parseStepsText } from '../core/decimal.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { LevelFields } from './commands.ts'

/** Prices as a person writes them, in ticks. */
export function levelTicks(
  wanted: LevelsWanted,
  { symbol, tick }: Instrument,
): Result<LevelFields, ResultCode> {
  const ticksOf = (price: string | null | undefined) => {
    if (price === undefined) return Number.NaN
    return price === null ? 0 : parseStepsText(price, tick)
  }
  const { stop, target, trailing } = wanted
  const levels = { stopTicks: ticksOf(stop), targetTicks: ticksOf(target) }
  for (const [name, ticks] of [
    ['stop', levels.stopTicks],
    ['target', levels.targetTicks],
  ] as const) {
    if (ticks < 0 || (ticks === 0 && wanted[name] !== null)) {
      return fail('bad_request', `${name}: ${symbol} has prices in steps of ${tick.text}`)
    }
  }
  return succeed({ ...levels, trailing: trailing === undefined ? Number.NaN : Number(trailing) })
}
