import { parseRecord, SEGMENT_HEADER_BYTES } from '../core/record-format.ts'
import type { JournalRecord, OrderCreated } from '../domain/journal.ts'
import { decodeJournalRecord } from '../domain/journal-codec.ts'
import type { StopPhase } from '../domain/journal-stops.ts'
import type { TradingState } from '../domain/trading.ts'

/**
 * What the surviving journal says at each moment, read from the bytes that were synced and from
 * nothing that the engine says about itself.
 */
export class JournalMirror {
  records = 0
  tradingState: TradingState = 'halted'
  tradingReason = 'start'
  /** Of the kill that is not released. */
  killPhase: StopPhase | undefined
  /** When the first run began, by the engine's clock. */
  firstStartUs = Number.NaN
  readonly created = new Map<string, OrderCreated>()
  readonly submitted = new Set<string>()
  readonly cancelAsked = new Set<string>()
  /** How often each execution was counted. */
  readonly counted = new Map<string, number>()
  onRecord: (record: JournalRecord) => void = () => {}

  /** The file up to what is durable now; `from` is where the new part begins. */
  read(bytes: Buffer, from: number): void {
    let at = Math.max(from, SEGMENT_HEADER_BYTES)
    while (at < bytes.length) {
      const record = parseRecord(bytes, at)
      if (typeof record === 'string') return
      const decoded = decodeJournalRecord(bytes.subarray(record.payloadFrom, record.end))
      if (decoded.ok && record.sequence === this.records + 1) this.add(decoded.value)
      at = record.end
    }
  }

  add(record: JournalRecord): void {
    this.records++
    switch (record.type) {
      case 'run_started':
        if (Number.isNaN(this.firstStartUs)) this.firstStartUs = record.time_us
        break
      case 'trading_state':
        this.tradingState = record.state
        this.tradingReason = record.reason
        break
      case 'stop':
        if (record.stop !== 'kill') break
        this.killPhase = record.phase === 'released' ? undefined : record.phase
        break
      case 'order_created':
        this.created.set(record.order_link_id, record)
        break
      case 'order_state':
        if (record.event === 'submit') this.submitted.add(record.order_link_id)
        if (record.event === 'requestCancel') this.cancelAsked.add(record.order_link_id)
        break
      case 'fill':
      case 'external_fill':
      case 'funding':
        this.counted.set(record.exec_id, (this.counted.get(record.exec_id) ?? 0) + 1)
        break
      default:
    }
    this.onRecord(record)
  }
}
