import { parseStep } from '../../src/core/decimal.ts'
import type { Instrument } from '../../src/domain/instrument.ts'

/** An instrument with tick 0.5 and lot 0.1, at a place of the table. */
export function instrumentAt(index: number, symbol: string): Instrument {
  const tick = parseStep('0.5')
  const lot = parseStep('0.1')
  if (tick === undefined || lot === undefined) throw new Error('steps of the test are steps')
  return {
    index,
    symbol,
    category: 'linear',
    tick,
    lot,
    minOrderLots: 1,
    maxOrderLots: 1e9,
    minNotionalQuote: 0,
    features: { bandTicks: 5, refNotionalQuote: '100', vpinBucketBase: '10' },
  }
}
