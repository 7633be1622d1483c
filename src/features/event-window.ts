// hot

/** What a window over an `EventLog` does when an event enters or leaves it. */
export abstract class EventWindow {
  readonly widthMs: number

  constructor(widthMs: number) {
    this.widthMs = widthMs
  }

  /** The record begins at `at`. */
  abstract enter(records: Float64Array, at: number): void
  abstract leave(records: Float64Array, at: number): void
}

const NOT_IN_A_LOG = new Float64Array(0)

/** A window whose work the log does itself, within an array of its own. */
abstract class PlainWindow extends EventWindow {
  enter(): void {
    // The log does it.
  }

  leave(): void {
    // The log does it.
  }
}

/**
 * Sums of fields `first..last` over a window. Fields must be integers, so that an emptied window is
 * back at exactly 0.
 */
export class WindowSums extends PlainWindow {
  readonly first: number
  readonly last: number
  /** By field of the record, the count of events in place of the time; a part of the log's state. */
  sums: Float64Array = NOT_IN_A_LOG

  constructor(widthMs: number, first: number, last: number) {
    super(widthMs)
    this.first = first
    this.last = last
  }

  get count(): number {
    return this.sums[0]
  }
}

/**
 * The last record that left a window, which is the state in force at its far edge: what was so long
 * before the latest event.
 */
export class PastRecord extends PlainWindow {
  /** By field of the record; NaN before the first. A part of the log's state. */
  values: Float64Array = NOT_IN_A_LOG
}
