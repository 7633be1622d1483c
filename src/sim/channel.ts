import type { FrameWriter } from './frame-writer.ts'

/**
 * One topic on its way to those who subscribed to it, and the faults a test may ask for on this
 * way.
 */
export type FrameReceiver = { receive(bytes: Uint8Array, from: number, to: number): void }

export type SendTotals = {
  /** Messages published, however many receive them: what the configured rate counts. */
  published: number
}

export class Channel {
  readonly name: string
  readonly receivers: FrameReceiver[] = []
  /** Nothing is published before this virtual time. */
  silentUntilUs = 0
  dropsPending = 0
  duplicatesPending = 0
  readonly #totals: SendTotals

  constructor(name: string, totals: SendTotals) {
    this.name = name
    this.#totals = totals
  }

  isActive(): boolean {
    return this.receivers.length > 0
  }

  /** Sends the writer's finished frame to everybody. */
  publish(writer: FrameWriter): void {
    if (this.receivers.length === 0) return
    this.#totals.published++
    if (this.dropsPending > 0) {
      this.dropsPending--
      return
    }
    let times = 1
    if (this.duplicatesPending > 0) {
      this.duplicatesPending--
      times = 2
    }
    for (let time = 0; time < times; time++) {
      for (let i = 0; i < this.receivers.length; i++) {
        this.receivers[i].receive(writer.bytes, writer.from, writer.at)
      }
    }
  }
}

/** What every kind of topic offers to the market that drives it. Times are virtual microseconds. */
export type Topic = {
  readonly channel: Channel
  /**
   * Time between two pushes at the exchange's own pace; Infinity for a topic that follows events.
   */
  readonly periodUs: number
  /** The longest it may wait, whatever the pace; Infinity when it may wait for ever. */
  readonly repeatUs: number
  nextDueUs: number
  push(timeUs: number): void
  /** What a new subscriber gets first. `receiver` is not yet among the channel's receivers. */
  welcome(receiver: FrameReceiver, timeUs: number): void
}
