import { toInstrument } from '../../src/features/instruments-file.ts'
import { featureIndex } from '../../src/features/registry.ts'
import { FeatureReplay, type ReplayedRow } from '../reference/feature-replay.ts'
import { RandomStream } from '../reference/random-stream.ts'
import type { RawMessage } from '../reference/raw-message.ts'

/** One instrument and short ways to feed it. */
export const SYMBOL = 'XYZUSDT'
export const START_TICKS = 5000
export const INSTRUMENT = toInstrument(0, SYMBOL, {
  tickSize: '0.1',
  qtyStep: '0.01',
  vpinBucketQty: '1',
  refNotional: '1000',
  bandTicks: 12,
})
export function streamOf(seed: number, messages = 200, depth = 12): RawMessage[] {
  const shape = { seed, messages, depth, startTicks: START_TICKS, startMs: 1_767_261_580_001 }
  return new RandomStream(shape, INSTRUMENT).run()
}

export function replayOf(depth = 12): FeatureReplay {
  return new FeatureReplay(new Map([[SYMBOL, INSTRUMENT]]), depth)
}

export function rowsOf(messages: readonly RawMessage[], replay = replayOf()): ReplayedRow[] {
  return messages.flatMap((message) => replay.feed(message) ?? [])
}

export function featureOf(row: ReplayedRow, name: string): number {
  return row.values[featureIndex(name) ?? -1]
}
