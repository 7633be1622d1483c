import { type FaultKind, faultKind } from './fault-kinds.ts'
import type { PlannedFault } from './fault-plan.ts'

/** Plans that are ready to use. */
export const READY_PLANS = ['none', 'standard', 'hostile'] as const
export type ReadyPlan = (typeof READY_PLANS)[number]

type Rates = Readonly<Partial<Record<FaultKind, number>>>

/** Faults in a million published messages, over the whole exchange. */
// biome-ignore format: a table
const STANDARD: Rates = {
  drop_delta: 60, drop_many: 20, duplicate: 60, restart: 40, garbage: 200, snapshot_mid_stream: 40,
  unknown_fields: 20, close_1001: 1,
}

/** Every kind there is: 236 in a million messages. */
// biome-ignore format: a table
const HOSTILE: Rates = {
  drop_delta: 12, drop_many: 6, cut_message: 6, duplicate: 12, late_repeat: 6, u_back: 6,
  delta_before_snapshot: 6, unknown_topic: 6, snapshot_mid_stream: 6, restart: 6, restart_empty: 6,
  delete_absent: 6, price_twice: 6, unchanged_size: 6, empty_sides: 6, beyond_depth: 6,
  wrong_symbol: 6, off_tick: 6, tick_change: 3,
  key_order: 6, quoted_ts: 6, spaces: 6, unknown_fields: 6, asks_first: 6, three_items: 6,
  more_decimals: 6, huge_price: 6, huge_seq: 6, large_frame: 6,
  trades_1024: 6, trades_same_seq: 6, trade_overlap: 6,
  garbage: 12, fragments: 6, no_pong: 2, refuse_subscribe: 2, silence: 2,
  no_data: 1, half_open: 1, close_1000: 1, close_1001: 1, kill_connection: 2, reset_mid_frame: 1,
}

export const PLANS: Readonly<Record<ReadyPlan, readonly PlannedFault[]>> = {
  none: [],
  standard: [{ kind: 'kill_connection', at_ms: 2500 }, ...fromRates(STANDARD)],
  hostile: fromRates(HOSTILE),
}

function fromRates(rates: Rates): PlannedFault[] {
  return Object.entries(rates).flatMap(([name, per_million]) => {
    const kind = faultKind(name)
    return kind === undefined ? [] : [{ kind, per_million }]
  })
}
