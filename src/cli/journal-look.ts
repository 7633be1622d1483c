import { VERSION } from '../constants.ts'
import { firstKeptSequence, type ScanEnd, scanRecords } from '../core/record-file.ts'
import type { StoredRecord } from '../core/record-format.ts'
import { fileStorage } from '../core/record-storage.ts'
import { type Failure, fail } from '../core/result.ts'
import { JOURNAL_NAME, type JournalRecord, type OrderAmended } from '../domain/journal.ts'
import { decodeJournalRecord } from '../domain/journal-codec.ts'
import { ExecutionState } from '../execution/execution-state.ts'
import { instrumentKey } from '../execution/holding.ts'
import { listCheckpoints, readCheckpoint } from '../execution/journal/checkpoint-file.ts'
import type { Steps } from '../execution/position.ts'
import { restoreState } from '../execution/saved-state.ts'
import { ORDERS_SHOWN_BY_JOURNAL_MAX } from './journal-lines.ts'

export type RecordFilter = Readonly<{
  sinceUs: number
  /** orderLinkId; undefined: all records. */
  orderLinkId: string | undefined
  isFillsOnly: boolean
}>

/** What became of an order, by its records. */
export type SeenOrder = {
  readonly order_link_id: string
  readonly symbol: string
  readonly side: string
  readonly trace: string
  readonly created_us: number
  limit_ticks: number
  lots: number
  readonly cause: string
  state: string
  reason: string
  filled_lots: number
  updated_us: number
  /** Of the run that placed it; undefined: no record of it is left. */
  readonly steps: Steps | undefined
}

export type JournalLook = Readonly<{
  /** The fold of every record up to the end, or to the damage. */
  state: ExecutionState
  /** The first record that is there; older ones were deleted. */
  begins: number
  /** The newest ones, up to a bound. */
  orders: ReadonlyMap<string, SeenOrder>
  records: number
  segments: number
  shown: number
  torn: ScanEnd['torn']
  /** Of each checkpoint: its file, and why it is of no use; null: it is. */
  checkpoints: readonly Readonly<{ segment: number; refused: string | null }>[]
  failure: Failure | undefined
}>

/** Reads a journal from its first record, without taking it from whoever writes it. */
export function lookAtJournal(
  folder: string,
  filter: RecordFilter,
  show: (sequence: number, record: JournalRecord, steps: Steps | undefined) => void,
): JournalLook {
  const state = new ExecutionState()
  const orders = new Map<string, SeenOrder>()
  const place = { folder, name: JOURNAL_NAME }
  const kept = firstKeptSequence(place)
  const begins = kept.ok ? kept.value : 1
  // Without its beginning the fold goes on from the oldest checkpoint.
  const base = begins === 1 ? 0 : restoreOldest(folder, state)
  let records = 0
  let shown = 0
  const visit = (stored: StoredRecord) => {
    const decoded = decodeJournalRecord(stored.payload)
    const isBehind = decoded.ok && stored.sequence > base
    const folded = isBehind ? state.apply(decoded.value) : decoded
    if (!decoded.ok || !folded.ok) {
      const message = folded.ok ? '' : folded.message
      return fail('journal_corrupt', `${folder}: record ${stored.sequence}: ${message}`)
    }
    records++
    const steps = stepsOf(state, decoded.value)
    noteOrder(orders, decoded.value, steps)
    if (isMeant(decoded.value, filter)) {
      shown++
      show(stored.sequence, decoded.value, steps)
    }
    return undefined
  }
  const scanned = scanRecords<string>(place, visit, fileStorage, undefined, 'first_kept')
  const checkpoints = listCheckpoints(folder, fileStorage).map((segment) => {
    const read = readCheckpoint(folder, segment, VERSION, fileStorage)
    return { segment, refused: read.ok ? null : read.message }
  })
  return {
    state,
    begins,
    orders,
    records,
    segments: scanned.ok ? scanned.value.lastSegment : 0,
    shown,
    torn: scanned.ok ? scanned.value.torn : undefined,
    checkpoints,
    failure: scanned.ok ? missingBase(base, begins, folder) : scanned,
  }
}

function isMeant(record: JournalRecord, filter: RecordFilter): boolean {
  if (record.time_us < filter.sinceUs) return false
  if (filter.isFillsOnly) return record.type === 'fill' || record.type === 'external_fill'
  if (filter.orderLinkId === undefined) return true
  return 'order_link_id' in record && record.order_link_id === filter.orderLinkId
}

/** What the instrument of the record is counted in, in the run that wrote it. */
function stepsOf(state: ExecutionState, record: JournalRecord): Steps | undefined {
  if (!('category' in record) || !('symbol' in record)) return undefined
  const { category, symbol } = record
  if (category === null || symbol === null) return undefined
  return state.holdings.get(instrumentKey({ category, symbol }))?.steps
}

/** Terms on their way, of orders that are shown. */
const ASKED = new WeakMap<SeenOrder, Readonly<{ limit_ticks: number; lots: number }>>()

/** They hold from the event `amend` on, unless the exchange has them already. */
function noteTerms(orders: Map<string, SeenOrder>, record: OrderAmended): void {
  const order = orders.get(record.order_link_id)
  if (order === undefined) return
  const { cause, limit_ticks, lots } = record
  if (cause === 'exchange') Object.assign(order, { limit_ticks, lots })
  else ASKED.set(order, { limit_ticks, lots })
}

function noteOrder(
  orders: Map<string, SeenOrder>,
  record: JournalRecord,
  steps: Steps | undefined,
): void {
  if (record.type === 'order_created') {
    const { limit_ticks, lots, order_link_id, reason, side, symbol, time_us, u } = record
    const times = { created_us: time_us, updated_us: time_us }
    const trace = `${symbol}-${u}`
    const terms = { order_link_id, symbol, side, trace, limit_ticks, lots, cause: reason }
    orders.set(order_link_id, {
      ...terms,
      ...times,
      state: 'created',
      reason,
      filled_lots: 0,
      steps,
    })
    if (orders.size > ORDERS_SHOWN_BY_JOURNAL_MAX) {
      for (const oldest of orders.keys()) {
        orders.delete(oldest)
        break
      }
    }
    return
  }
  if (record.type === 'order_amended') noteTerms(orders, record)
  if (record.type !== 'order_state' && record.type !== 'fill') return
  const order = orders.get(record.order_link_id)
  if (order === undefined) return
  order.updated_us = record.time_us
  if (record.type === 'fill') order.filled_lots += record.lots
  else {
    if (record.event === 'amend') Object.assign(order, ASKED.get(order))
    order.state = record.to
    order.reason = record.reason
  }
}

/** Sequence of the last record in it; NaN: there is none of use. */
function restoreOldest(folder: string, state: ExecutionState): number {
  for (const segment of listCheckpoints(folder, fileStorage)) {
    const read = readCheckpoint(folder, segment, undefined, fileStorage)
    if (read.ok && restoreState(read.value.state, state) === undefined) {
      return read.value.mark.sequence
    }
  }
  return Number.NaN
}

function missingBase(base: number, begins: number, folder: string): Failure | undefined {
  if (!Number.isNaN(base)) return undefined
  const text = `begins with record ${begins}, and no checkpoint says what was before`
  return fail('journal_corrupt', `${folder}: ${text}`)
}
