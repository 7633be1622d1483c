import type { Random } from '../src/core/random.ts'
import type { ChannelFault } from '../src/sim/channel.ts'
import { FAULT_KINDS, type FaultKind, faultTraits } from '../src/sim/fault-kinds.ts'

/** The faults of one book, as the mock makes them, without the mock's clock and connections. */
const KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => {
  const { target } = faultTraits(kind)
  return (target === 'book' && kind !== 'silence' && kind !== 'restart') || kind === 'duplicate'
})

/** Level 1 knows no deltas, which most faults are made of. */
const LEVEL_1_KINDS: readonly FaultKind[] = [
  'duplicate',
  'unknown_topic',
  'restart_empty',
  'wrong_symbol',
  'off_tick',
  'tick_change',
  'key_order',
  'quoted_ts',
  'spaces',
  'unknown_fields',
  'asks_first',
  'three_items',
  'more_decimals',
  'huge_seq',
  'large_frame',
]

export function drawKind(random: Random, depth: number): FaultKind {
  const kinds = depth === 1 ? LEVEL_1_KINDS : KINDS
  return kinds[random.below(kinds.length)]
}

/** What the waiting faults make of a message; the first that can, as in the mock's channels. */
export function changed(
  faults: ChannelFault[],
  text: string,
  isWelcome: boolean,
): readonly string[] {
  for (const [at, fault] of faults.entries()) {
    const change = fault.change(text, isWelcome)
    if (change === undefined) continue
    if (change.isDone) faults.splice(at, 1)
    return change.texts
  }
  return [text]
}
