import type { Instrument } from '../../../domain/instrument.ts'
import type { PositionLevels, SubmitReply } from '../gateway.ts'
import { type AccountMarket, stepsIn } from './account-market.ts'
import { levelsBody } from './order-requests.ts'
import type { RestLink } from './rest-link.ts'
import type { Fields } from './wire-fields.ts'
import { textIn } from './wire-fields.ts'

/**
 * Stop and target that the exchange keeps with a whole position (`tpslMode` Full): it closes all of
 * it at the market when the last price reaches one, and forgets both when the position is flat.
 */
export async function setPositionLevels(
  rest: RestLink,
  market: AccountMarket,
  key: string,
  levels: PositionLevels,
): Promise<SubmitReply> {
  const instrument = market.instrument(key.slice(key.indexOf(':') + 1))
  if (instrument === undefined) {
    return { kind: 'rejected', code: 'instrument_unknown', message: `${key} not configured` }
  }
  const { message, verdict } = await rest.call({
    method: 'POST',
    path: '/v5/position/trading-stop',
    callClass: 'setting',
    params: levelsBody(instrument, levels),
  })
  if (verdict.class === 'ok') return { kind: 'accepted' }
  if (verdict.class === 'ambiguous' || verdict.class === 'rate_limited') {
    return { kind: 'unknown', message }
  }
  return { kind: 'rejected', code: verdict.code, message }
}

/** Of a row of a position; undefined: a level in it is of other steps, or not told. */
export function readLevels(
  fields: Fields,
  instrument: Instrument | undefined,
): PositionLevels | undefined {
  if (instrument === undefined || !('stopLoss' in fields && 'takeProfit' in fields))
    return undefined
  const stop = stepsIn(textIn(fields, 'stopLoss'), instrument.tick)
  const target = stepsIn(textIn(fields, 'takeProfit'), instrument.tick)
  if (Number.isNaN(stop + target)) return undefined
  return { stopTicks: stop || Number.NaN, targetTicks: target || Number.NaN }
}
