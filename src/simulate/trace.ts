import type { JournalRecord } from '../domain/journal.ts'
import type { Timeline } from './timeline.ts'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** Every line of what happened, as a hash that two equal histories share; kept only when asked. */
export class Trace {
  readonly #timeline: Timeline
  readonly #startUs: number
  readonly #tell: ((line: string) => void) | undefined
  #hash = FNV_OFFSET

  constructor(timeline: Timeline, tell: ((line: string) => void) | undefined) {
    this.#timeline = timeline
    this.#startUs = timeline.nowUs()
    this.#tell = tell
  }

  add(what: string, text: string): void {
    const atUs = this.#timeline.nowUs() - this.#startUs
    const line = `${(atUs / 1000).toFixed(3).padStart(10)} ${what} ${text}`
    let hash = this.#hash
    for (let i = 0; i < line.length; i++) {
      hash = Math.imul(hash ^ line.charCodeAt(i), FNV_PRIME)
    }
    this.#hash = hash
    this.#tell?.(line)
  }

  /** A record that has become durable. */
  record(record: JournalRecord): void {
    switch (record.type) {
      case 'order_state': {
        const { event, from, order_link_id, reason, to } = record
        this.add('journal', `${order_link_id} ${event}: ${from} -> ${to} (${reason})`)
        return
      }
      case 'trading_state':
        this.add('journal', `trading ${record.state} (${record.reason})`)
        return
      case 'fill':
      case 'external_fill':
        this.add('journal', `${record.type} ${record.exec_id} ${record.side} ${record.lots}`)
        return
      case 'order_amended': {
        const { cause, limit_ticks, lots, order_link_id } = record
        this.add('journal', `${order_link_id} to ${lots} at ${limit_ticks} (${cause})`)
        return
      }
      case 'entry_settled':
        this.add('journal', `${record.order_link_id} ${record.outcome} ${record.code ?? ''}`)
        return
      default:
        this.add('journal', record.type)
    }
  }

  /** 8 hexadecimal digits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }
}
