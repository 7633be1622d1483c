import {
  type BookPorts,
  isDeltaText,
  mutateBook,
  updateIdOf,
  withFinerTick,
  withUpdateId,
} from './book-faults.ts'
import type { ChannelChange, ChannelFault } from './channel.ts'
import type { FaultKind } from './fault-kinds.ts'
import { joinTrades, mutateTrades } from './trade-faults.ts'

/**
 * Faults of a topic as they wait in its channel: those of one message, and those that need several.
 * Each calls `onDone` once, when the client meets it for the first time.
 */
export type TopicFaultOptions = Readonly<{
  kind: FaultKind
  book: BookPorts | undefined
  /** For faults that last. */
  untilUs: number
  nowUs: () => number
  onDone: (u: number) => void
}>

const DROPS_MANY = 5
const BACK_STEPS = 3
const BACK_MESSAGES = 4
const LATE_MESSAGES = 3

export function topicFault(options: TopicFaultOptions): ChannelFault {
  const { book, kind } = options
  if (book === undefined) return kind === 'trade_overlap' ? overlap(options) : trades(options)
  if (kind === 'drop_many') return dropMany(options)
  if (kind === 'late_repeat') return lateRepeat(options)
  if (kind === 'u_back') return updateIdBack(options)
  if (kind === 'delta_before_snapshot') return strayDelta(options)
  if (kind === 'tick_change') return tickChange(options, book)
  return single(options, book)
}

function single({ kind, onDone }: TopicFaultOptions, book: BookPorts): ChannelFault {
  return {
    change(text, isWelcome) {
      if (isWelcome) return undefined
      const texts = mutateBook(kind, text, book)
      if (texts === undefined) return undefined
      onDone(updateIdOf(text))
      return { texts, isDone: true }
    },
  }
}

function trades({ kind, onDone }: TopicFaultOptions): ChannelFault {
  return {
    change(text) {
      // Tickers and candles know only the repeat.
      const isRepeat = kind === 'duplicate'
      const texts = mutateTrades(kind, text) ?? (isRepeat ? [text, text] : undefined)
      if (texts === undefined) return undefined
      onDone(0)
      return { texts, isDone: true }
    },
  }
}

function overlap({ onDone }: TopicFaultOptions): ChannelFault {
  let before = ''
  return {
    change(text) {
      if (before === '') {
        before = text
        return { texts: [text], isDone: false }
      }
      onDone(0)
      return { texts: [joinTrades(before, text)], isDone: true }
    },
  }
}

/** A sequence of deltas, numbered from 0; snapshots pass by, and a new subscriber ends it. */
function deltas(
  onDelta: (text: string, number: number) => ChannelChange,
  onWelcome: (text: string, number: number) => ChannelChange | undefined,
): ChannelFault {
  let number = 0
  return {
    change(text, isWelcome) {
      if (isWelcome) return onWelcome(text, number)
      return isDeltaText(text) ? onDelta(text, number++) : undefined
    },
  }
}

function endOnceBegun(text: string, number: number): ChannelChange | undefined {
  return number > 0 ? { texts: [text], isDone: true } : undefined
}

function dropMany({ onDone }: TopicFaultOptions): ChannelFault {
  return deltas((text, number) => {
    if (number === 0) onDone(updateIdOf(text))
    return { texts: [], isDone: number === DROPS_MANY - 1 }
  }, endOnceBegun)
}

function lateRepeat({ onDone }: TopicFaultOptions): ChannelFault {
  let old = ''
  return deltas((text, number) => {
    if (number === 0) old = text
    if (number < LATE_MESSAGES) return { texts: [text], isDone: false }
    onDone(updateIdOf(old))
    return { texts: [text, old], isDone: true }
  }, endOnceBegun)
}

/** Its numbers go back by three, and the chain goes on from there, with new content. */
function updateIdBack({ onDone }: TopicFaultOptions): ChannelFault {
  return deltas((text, number) => {
    const u = updateIdOf(text)
    if (number === 0) onDone(u)
    const back = u > BACK_STEPS + 1 ? withUpdateId(text, u - BACK_STEPS) : ''
    return { texts: back === '' ? [] : [back], isDone: number === BACK_MESSAGES - 1 }
  }, endOnceBegun)
}

/** A delta is lost; when the topic is subscribed again, another comes ahead of its snapshot. */
function strayDelta({ onDone }: TopicFaultOptions): ChannelFault {
  let stray = ''
  return deltas(
    (text, number) => {
      if (number === 0) onDone(updateIdOf(text))
      if (number === 0) stray = text
      return { texts: number === 0 ? [] : [text], isDone: false }
    },
    (text, number) => (number > 0 ? { texts: [stray, text], isDone: true } : undefined),
  )
}

/** Every message is one of a finer tick until the time is over; then the service restarts. */
function tickChange(options: TopicFaultOptions, book: BookPorts): ChannelFault {
  let isBegun = false
  return {
    change(text) {
      const { nowUs, onDone, untilUs } = options
      if (!isBegun) onDone(updateIdOf(text))
      isBegun = true
      if (nowUs() < untilUs) return { texts: [withFinerTick(text)], isDone: false }
      book.restart()
      return { texts: [withFinerTick(text)], isDone: true }
    },
  }
}
