// hot
// Long because what is held and what is taken share the state of a topic.
import {
  HELD_MESSAGES_MAX,
  HOLD_MS_MAX,
  HOLD_TICK_MS_MAX,
  TOPIC_CARRIERS_MAX,
} from '../constants.ts'
import { assert } from '../core/assert.ts'
import type { BookMessage, LevelList } from '../domain/messages.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import { BadCopies } from './bad-copies.ts'
import type { Sequencer } from './sequencer.ts'

/**
 * Makes one chain of the copies of a book topic that several connections carry; `u` and `seq` are
 * the exchange's and the same on all of them.
 *
 *   u = last + 1         taken, whoever brought it
 *   u <= last            a repeat
 *   u > last + 1         held while another carrier has not come past last + 1 yet: it may bring it
 *   u = 1, newer seq     a restart of the exchange's chain, taken
 *   older seq            of the chain before a restart: dropped, where this carrier has brought
 *                        nothing of the new chain yet; each keeps its order
 *   not to be read       taken for the carrier's next `u`: another one has brought it or may do so
 *
 * What is held is bounded in count and time. When nobody can fill it any more, the first held
 * snapshot is taken, or else the first held delta, which the sequencer then finds to be a gap. A
 * topic that one connection carries passes untouched.
 */
export type MergeSink = Readonly<{
  /** For the sequencer; a held message comes with the time at which it was received. */
  onNext(message: BookMessage, receiveUs: number): void
  /** A second copy of what is applied; a sign of life when it is the latest one. */
  onRepeat(topic: number, isLatest: boolean, receiveUs: number): void
  /** A message that could not be read, and that no other connection brought in its time. */
  onUnreadable(topic: number, nowUs: number): void
}>

type Held = Readonly<{ message: BookMessage; receiveUs: number; sinceUs: number }>

const DUPLICATES_MERGED = counterIndex('duplicates_merged')
const MESSAGES_HELD = counterIndex('messages_held')
const HOLDS_FILLED = counterIndex('holds_filled')
const HOLDS_FAILED = counterIndex('holds_failed')
const BAD_COPIES_COVERED = counterIndex('bad_copies_covered')

const JUDGED_NEXT = 1
const JUDGED_RESTART = 2
const JUDGED_REPEAT = 3
const JUDGED_AHEAD = 4
const JUDGED_OLD = 5

const NOBODY = -1
const NOTHING_SEEN = -1

export class ChainMerge {
  readonly #sequencer: Sequencer
  readonly #count: Float64Array
  readonly #sink: MergeSink
  /** Of the message taken last; NaN where the exchange sent none. */
  readonly #seq: Float64Array
  /** Of the snapshot that began the chain. */
  readonly #startSeq: Float64Array
  readonly #carriers: Uint8Array
  /** TOPIC_CARRIERS_MAX places a topic: who carries it, and the latest `u` each has brought. */
  readonly #connection: Int32Array
  readonly #seenU: Float64Array
  /** In order of `u`; undefined while nothing is held. */
  readonly #held: (Held[] | undefined)[]
  /** Topics of which something is held. */
  readonly #holding: number[] = []
  readonly #bad = new BadCopies()
  /**
   * Time in which this thread could read: what it stood still for leaves the missing message in a
   * socket, and says nothing about its connection.
   */
  #readingUs = 0
  #tickUs = Number.NaN
  readonly #lastU = (topic: number): number => this.#sequencer.lastU(topic)

  /** `topics` is one more than the largest topic index. */
  constructor(topics: number, sequencer: Sequencer, counters: Counters, sink: MergeSink) {
    assert(Number.isInteger(topics) && topics > 0, 'a merge has at least one topic')
    this.#sequencer = sequencer
    this.#count = counters.values
    this.#sink = sink
    this.#seq = new Float64Array(topics).fill(Number.NaN)
    this.#startSeq = new Float64Array(topics).fill(Number.NaN)
    this.#carriers = new Uint8Array(topics)
    this.#connection = new Int32Array(topics * TOPIC_CARRIERS_MAX).fill(NOBODY)
    this.#seenU = new Float64Array(topics * TOPIC_CARRIERS_MAX).fill(NOTHING_SEEN)
    this.#held = new Array<Held[] | undefined>(topics).fill(undefined)
  }

  /** A message of `connection`, valid during the call only. */
  offer(message: BookMessage, receiveUs: number, connection: number): void {
    const topic = message.topic
    const place = this.#placeOf(topic, connection)
    const last = this.#sequencer.lastU(topic)
    if (this.#carriers[topic] === 1 || Number.isNaN(last)) {
      if (message.isSnapshot) this.#begin(topic, message.seq)
      this.#seenU[place] = message.u
      this.#take(message, receiveUs)
      return
    }
    const verdict = this.#judge(message, last, this.#seenU[place])
    if (verdict === JUDGED_OLD) {
      this.#count[DUPLICATES_MERGED]++
      return
    }
    if (verdict === JUDGED_RESTART) this.#begin(topic, message.seq)
    this.#seenU[place] = message.u
    if (verdict === JUDGED_REPEAT) {
      this.#count[DUPLICATES_MERGED]++
      this.#sink.onRepeat(topic, message.u === last, receiveUs)
    } else if (verdict === JUDGED_AHEAD) this.#hold(message, receiveUs, last)
    else {
      this.#take(message, receiveUs)
      this.#drain(topic)
    }
  }

  /**
   * `connection` brought a message of the topic that cannot be read. True: the book stays what it
   * is, as another connection has brought the same message or may still do so; when it does not in
   * time, `onUnreadable` is called. False: nobody else can bring it.
   */
  offerBad(topic: number, connection: number): boolean {
    const place = this.#placeOf(topic, connection)
    const last = this.#sequencer.lastU(topic)
    if (this.#carriers[topic] === 1 || Number.isNaN(last)) return false
    const seen = this.#seenU[place]
    const u = seen === NOTHING_SEEN ? last + 1 : seen + 1
    this.#seenU[place] = u
    if (u <= last) {
      this.#count[BAD_COPIES_COVERED]++
      return true
    }
    if (!this.#canStillCome(topic, last)) return false
    this.#bad.add(topic, u, this.#readingUs)
    return true
  }

  /** The connection does not carry the topic any more: what waited for it may wait in vain. */
  leave(topic: number, connection: number): void {
    const first = topic * TOPIC_CARRIERS_MAX
    for (let place = first; place < first + TOPIC_CARRIERS_MAX; place++) {
      if (this.#connection[place] !== connection) continue
      this.#connection[place] = NOBODY
      this.#seenU[place] = NOTHING_SEEN
      this.#carriers[topic]--
    }
    if (this.#held[topic] !== undefined) this.#giveUpIfHopeless(topic)
  }

  /** The chain ended for a reason outside the stream: nothing is held for it any more. */
  reset(topic: number): void {
    this.#release(topic)
    this.#bad.forget(topic)
  }

  /** Ends the holds that have lasted their time; called from a timer. */
  expire(nowUs: number): void {
    const passedUs = Number.isNaN(this.#tickUs) ? 0 : Math.max(0, nowUs - this.#tickUs)
    this.#readingUs += Math.min(passedUs, HOLD_TICK_MS_MAX * 1000)
    this.#tickUs = nowUs
    for (let i = this.#holding.length - 1; i >= 0; i--) {
      const topic = this.#holding[i]
      const held = this.#held[topic]
      if (held === undefined) continue
      if (this.#readingUs - held[0].sinceUs < HOLD_MS_MAX * 1000) continue
      this.#giveUp(topic, held)
    }
    if (this.#bad.size > 0) this.#settleBad(nowUs)
  }

  #settleBad(nowUs: number): void {
    const { covered, missed } = this.#bad.settle(this.#readingUs, HOLD_MS_MAX * 1000, this.#lastU)
    this.#count[BAD_COPIES_COVERED] += covered
    for (const topic of missed) {
      if (this.#sequencer.isLive(topic)) this.#sink.onUnreadable(topic, nowUs)
    }
  }

  /** Whether the connection brings the topic in step with the chain that is applied. */
  isInChain(topic: number, connection: number): boolean {
    const first = topic * TOPIC_CARRIERS_MAX
    for (let place = first; place < first + TOPIC_CARRIERS_MAX; place++) {
      if (this.#connection[place] !== connection) continue
      return this.#seenU[place] <= this.#sequencer.lastU(topic)
    }
    return false
  }

  /** `seen` is the latest `u` that the carrier has brought of the chain. */
  #judge(message: BookMessage, last: number, seen: number): number {
    const { u, seq } = message
    const lastSeq = this.#seq[message.topic]
    if (seen === NOTHING_SEEN) {
      const startSeq = this.#startSeq[message.topic]
      if (seq < startSeq || (seq === startSeq && !message.isSnapshot)) return JUDGED_OLD
    }
    // The carrier comes to this number in order: a copy of what is applied, whatever its seq.
    const isBehind = seen !== NOTHING_SEEN && seen < u
    if (message.isSnapshot || u === 1) {
      if (u === 1 && last !== 1) {
        // With the same seq it is a second copy, unless its carrier was past the first one.
        const isNew = seq > lastSeq || (seq === lastSeq && seen > 1)
        return isNew ? JUDGED_RESTART : JUDGED_REPEAT
      }
      if (u === 1) return seq > lastSeq ? JUDGED_RESTART : JUDGED_REPEAT
      if (u === last) return JUDGED_REPEAT
      if (u < last) return seq > lastSeq && !isBehind ? JUDGED_RESTART : JUDGED_REPEAT
      return u === last + 1 ? JUDGED_NEXT : JUDGED_AHEAD
    }
    // Newer, under a number used before: the chain went back unseen, and the pipeline ends it.
    if (u <= last) return seq > lastSeq && seen >= u ? JUDGED_NEXT : JUDGED_REPEAT
    return u === last + 1 ? JUDGED_NEXT : JUDGED_AHEAD
  }

  #take(message: BookMessage, receiveUs: number): void {
    this.#seq[message.topic] = message.seq
    this.#sink.onNext(message, receiveUs)
  }

  /** A new chain begins: what is held is of the old one, as is what the carriers have brought. */
  #begin(topic: number, seq: number): void {
    this.#startSeq[topic] = seq
    this.#release(topic)
    this.#bad.forget(topic)
    const first = topic * TOPIC_CARRIERS_MAX
    this.#seenU.fill(NOTHING_SEEN, first, first + TOPIC_CARRIERS_MAX)
  }

  #hold(message: BookMessage, receiveUs: number, last: number): void {
    const topic = message.topic
    let held = this.#held[topic]
    if (held === undefined) {
      if (!this.#canStillCome(topic, last)) return this.#take(message, receiveUs)
      held = []
      this.#held[topic] = held
      this.#holding.push(topic)
    }
    let at = held.length
    while (at > 0 && held[at - 1].message.u > message.u) at--
    if (at > 0 && held[at - 1].message.u === message.u) {
      this.#count[DUPLICATES_MERGED]++
    } else {
      held.splice(at, 0, { message: copyOf(message), receiveUs, sinceUs: this.#readingUs })
      this.#count[MESSAGES_HELD]++
    }
    if (held.length > HELD_MESSAGES_MAX) this.#giveUp(topic, held)
    else this.#giveUpIfHopeless(topic)
  }

  /** Takes what is held as far as it follows; drops what was overtaken. */
  #drain(topic: number): void {
    const held = this.#held[topic]
    if (held === undefined) return
    let last = this.#sequencer.lastU(topic)
    while (held.length > 0 && held[0].message.u <= last + 1) {
      const { message, receiveUs } = held[0]
      held.shift()
      if (message.u <= last) this.#count[DUPLICATES_MERGED]++
      else {
        this.#count[HOLDS_FILLED]++
        this.#take(message, receiveUs)
        last = this.#sequencer.lastU(topic)
      }
    }
    if (held.length === 0 || Number.isNaN(last)) this.#release(topic)
  }

  #giveUpIfHopeless(topic: number): void {
    for (;;) {
      const held = this.#held[topic]
      if (held === undefined) return
      if (this.#canStillCome(topic, this.#sequencer.lastU(topic))) return
      this.#giveUp(topic, held)
    }
  }

  /** One step over the missing message; what then follows is taken too. */
  #giveUp(topic: number, held: Held[]): void {
    this.#count[HOLDS_FAILED]++
    let at = 0
    while (at < held.length && !held[at].message.isSnapshot) at++
    if (at === held.length) {
      const { message, receiveUs } = held[0]
      this.#release(topic)
      this.#take(message, receiveUs)
      return
    }
    const { message, receiveUs } = held[at]
    held.splice(0, at + 1)
    this.#take(message, receiveUs)
    this.#drain(topic)
  }

  #canStillCome(topic: number, last: number): boolean {
    const first = topic * TOPIC_CARRIERS_MAX
    for (let place = first; place < first + TOPIC_CARRIERS_MAX; place++) {
      if (this.#connection[place] !== NOBODY && this.#seenU[place] <= last) return true
    }
    return false
  }

  #release(topic: number): void {
    if (this.#held[topic] === undefined) return
    this.#held[topic] = undefined
    this.#holding.splice(this.#holding.indexOf(topic), 1)
  }

  #placeOf(topic: number, connection: number): number {
    const first = topic * TOPIC_CARRIERS_MAX
    let free = NOBODY
    for (let place = first; place < first + TOPIC_CARRIERS_MAX; place++) {
      if (this.#connection[place] === connection) return place
      if (free === NOBODY && this.#connection[place] === NOBODY) free = place
    }
    assert(free !== NOBODY, 'a topic has no more carriers than places')
    this.#connection[free] = connection
    this.#seenU[free] = NOTHING_SEEN
    this.#carriers[topic]++
    return free
  }
}

function copyOf(message: BookMessage): BookMessage {
  return { ...message, bids: copyOfLevels(message.bids), asks: copyOfLevels(message.asks) }
}

function copyOfLevels({ count, ticks, lots }: LevelList): LevelList {
  return { count, ticks: ticks.slice(0, count), lots: lots.slice(0, count) }
}
