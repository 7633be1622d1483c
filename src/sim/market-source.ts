import type { Category } from '../domain/instrument.ts'
import type { Channel, FrameReceiver, SendTotals } from './channel.ts'

/**
 * The exact book of a topic at one update, prices and sizes as the exchange writes them; or that it
 * is not known.
 */
export type Truth =
  | Readonly<{
      topic: string
      u: number
      seq: number
      bids: [string, string][]
      asks: [string, string][]
    }>
  | Readonly<{ topic: string; u: number; unknown: true }>

/** Where the server's messages come from: the generated market, or a capture. */
export type MarketSource = {
  readonly totals: SendTotals
  /** Virtual time that has been lived through, microseconds. */
  readonly nowUs: number
  /** False: there is no such topic. The first message goes out at once. */
  subscribe(category: Category, topic: string, receiver: FrameReceiver): boolean
  unsubscribe(category: Category, topic: string, receiver: FrameReceiver): void
  channelOf(category: Category, topic: string): Channel | undefined
  restart(category: Category, topic: string): boolean
  /**
   * Goes on until `untilUs`, or until about `messagesMax` were published; true when it got there.
   */
  advance(untilUs: number, messagesMax: number): boolean
  skipTo(timeUs: number): void
  truth(category: Category, topic: string, u: number): Truth
}
