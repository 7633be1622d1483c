import type { BookPorts } from './book-faults.ts'
import { FrameWriter } from './frame-writer.ts'

/**
 * One topic on its way to those who subscribed to it, and the faults a test may ask for on this
 * way.
 */
export type FrameReceiver = { receive(bytes: Uint8Array, from: number, to: number): void }

export type SendTotals = {
  /** Messages published, however many receive them: what the configured rate counts. */
  published: number
}

/** A fault that waits for a message it can be made of. */
export type ChannelFault = {
  /**
   * What goes out in place of the message; undefined: not one for this fault. A welcome is the
   * first message to a new subscriber.
   */
  change(text: string, isWelcome: boolean): ChannelChange | undefined
}

export type ChannelChange = Readonly<{ texts: readonly string[]; isDone: boolean }>

/** Faults that one channel holds at most. */
export const CHANNEL_FAULTS_MAX = 1024

export class Channel {
  readonly name: string
  readonly receivers: FrameReceiver[] = []
  /** Nothing is published before this virtual time. */
  silentUntilUs = 0
  /** Oldest first; each message feels at most one. */
  readonly faults: ChannelFault[] = []
  /** Of a book's channel, for its faults. */
  book: BookPorts | undefined = undefined
  readonly #faultWriter = new FrameWriter(1)
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
    if (this.faults.length === 0) {
      for (let i = 0; i < this.receivers.length; i++) {
        this.receivers[i].receive(writer.bytes, writer.from, writer.at)
      }
      return
    }
    for (const text of this.#changed(writer.text(), false)) {
      for (const receiver of this.receivers) this.#send(receiver, text)
    }
  }

  /** Sends the writer's finished frame to one that is not yet among the receivers. */
  welcome(writer: FrameWriter, receiver: FrameReceiver): void {
    if (this.faults.length === 0) receiver.receive(writer.bytes, writer.from, writer.at)
    else for (const text of this.#changed(writer.text(), true)) this.#send(receiver, text)
  }

  #changed(text: string, isWelcome: boolean): readonly string[] {
    for (const [at, fault] of this.faults.entries()) {
      const change = fault.change(text, isWelcome)
      if (change === undefined) continue
      if (change.isDone) this.faults.splice(at, 1)
      return change.texts
    }
    return [text]
  }

  #send(receiver: FrameReceiver, text: string): void {
    this.#faultWriter.write(text)
    receiver.receive(this.#faultWriter.bytes, this.#faultWriter.from, this.#faultWriter.at)
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
