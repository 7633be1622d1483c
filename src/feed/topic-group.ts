import { ROTATION_MS_MAX, ROTATION_OVERLAP_MS } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import type { Counters } from '../memory/counters.ts'
import type { Connection } from './connection.ts'
import type { RenewalOutlook } from './subscriptions.ts'

export type TopicGroupOptions = Readonly<{
  topics: readonly number[]
  /** Connections that carry every topic of the group. */
  redundancy: number
  /** 0: never. */
  rotateAfterMs: number
  clock: Clock
  timers: Timers
  random: Random
  counters: Counters
  log: Logger
  createConnection(): Connection
  /** Whether the connection brings the topic in step with what is applied. */
  isInChain(topic: number, connection: number): boolean
  /** The connection was closed by a rotation; its topics go on elsewhere. */
  onLeft(connection: number): void
}>

/**
 *   carrying --after rotateAfterMs, jittered--> successor opens --all in step--> overlap --> carrying
 *                                                     \--not in step in time--> given up, later again
 */
type Lane = {
  connection: Connection
  successor: Connection | undefined
  cancelWait: CancelTimer
  /** At the last look; and how many looks in a row it brought nothing while another lane did. */
  dataFrames: number
  emptyLooks: number
}

const NEVER: CancelTimer = () => {}
const LOOK_PERIOD_MS = 100
/**
 * Lanes bring the same messages, so one that brings nothing in three looks, at each of which
 * another one brought this many frames or more, is dead. Alone it takes 20 s to tell, or 60.
 */
const LANE_LOOK_PERIOD_MS = 1000
const EMPTY_LOOKS_MAX = 3
const LIVELY_FRAMES = 20
/** Rotations wait this part of their time at least, and as much more at most. */
const JITTER_MIN = 0.75
const JITTER_SPAN = 0.5

/**
 * Topics that live together on one connection, or on two for redundancy. A connection is replaced
 * from time to time before the exchange does so: its successor opens and comes into step first, so
 * that nothing is lost between the two.
 */
export class TopicGroup {
  readonly #options: TopicGroupOptions
  readonly #lanes: readonly Lane[]
  #turn = 0
  #cancelLooks = NEVER

  constructor(options: TopicGroupOptions) {
    this.#options = options
    this.#lanes = Array.from({ length: options.redundancy }, () => ({
      connection: options.createConnection(),
      successor: undefined,
      cancelWait: NEVER,
      dataFrames: 0,
      emptyLooks: 0,
    }))
  }

  /** One a lane; successors on trial are not shown. */
  get connections(): Connection[] {
    return this.#lanes.map((lane) => lane.connection)
  }

  start(): void {
    for (const lane of this.#lanes) {
      lane.connection.start()
      this.#arm(lane)
    }
    if (this.#lanes.length === 1) return
    this.#cancelLooks = this.#options.timers.every(LANE_LOOK_PERIOD_MS, () => this.#lookAtLanes())
  }

  async stop(): Promise<void> {
    this.#cancelLooks()
    for (const lane of this.#lanes) lane.cancelWait()
    await Promise.all(this.#all().map((connection) => connection.stop()))
  }

  /** The best of all connections: one that can ask now is enough. */
  outlook(topic: number): RenewalOutlook {
    const prospects = this.#all().map((connection) => connection.outlook(topic))
    if (prospects.includes('now')) return 'now'
    return prospects.includes('later') ? 'later' : 'coming'
  }

  /** By the connections in turn: a line that brings nothing is not asked every time. */
  renew(topic: number): void {
    const all = this.#all()
    const start = this.#turn++
    for (let i = 0; i < all.length; i++) {
      const connection = all[(start + i) % all.length]
      if (connection.outlook(topic) === 'now') return connection.renew(topic)
    }
  }

  /** Another open connection is subscribed to the topic: the loss of this one loses nothing. */
  isCarriedBeside(topic: number, lost: Connection): boolean {
    return this.#all().some((connection) => connection !== lost && connection.carries(topic))
  }

  #all(): Connection[] {
    return this.#lanes.flatMap(({ connection, successor }) =>
      successor === undefined ? [connection] : [connection, successor],
    )
  }

  #lookAtLanes(): void {
    const brought = this.#lanes.map((lane) => {
      const { dataFrames } = lane.connection
      const frames = dataFrames - lane.dataFrames
      lane.dataFrames = dataFrames
      return frames
    })
    for (const [at, lane] of this.#lanes.entries()) {
      const { connection } = lane
      const isOpen = connection.state === 'open' && connection.status().topics.subscribed > 0
      const isBehind = brought[at] === 0 && brought.some((frames) => frames >= LIVELY_FRAMES)
      if (!isOpen || brought[at] !== 0) lane.emptyLooks = 0
      else if (isBehind) lane.emptyLooks++
      if (lane.emptyLooks < EMPTY_LOOKS_MAX) continue
      lane.emptyLooks = 0
      this.#options.counters.add('connections_behind')
      connection.cut('brings nothing while another connection brings the same topics')
    }
  }

  #arm(lane: Lane): void {
    const { random, rotateAfterMs, timers } = this.#options
    if (rotateAfterMs === 0) return
    const waitMs = Math.ceil(rotateAfterMs * (JITTER_MIN + JITTER_SPAN * random.float()))
    lane.cancelWait = timers.after(waitMs, () => this.#rotate(lane))
  }

  /** One that is not open has just been replaced, or is about to be. */
  #rotate(lane: Lane): void {
    if (lane.connection.state !== 'open') return this.#arm(lane)
    const { clock, createConnection, log } = this.#options
    const successor = createConnection()
    lane.successor = successor
    log.info({ from: lane.connection.index, to: successor.index }, 'connection rotates')
    successor.start()
    this.#look(lane, successor, clock.nowUs() + ROTATION_MS_MAX * 1000)
  }

  #look(lane: Lane, successor: Connection, endUs: number): void {
    const { clock, timers } = this.#options
    lane.cancelWait = timers.after(LOOK_PERIOD_MS, () => {
      if (this.#isInStep(successor)) {
        lane.cancelWait = timers.after(ROTATION_OVERLAP_MS, () => {
          if (this.#isInStep(successor)) this.#replace(lane, successor)
          else this.#look(lane, successor, endUs)
        })
      } else if (clock.nowUs() >= endUs) this.#abandon(lane, successor)
      else this.#look(lane, successor, endUs)
    })
  }

  #isInStep(successor: Connection): boolean {
    const { isInChain, topics } = this.#options
    if (successor.state !== 'open' || successor.status().topics.pending > 0) return false
    return topics.every((topic) => isInChain(topic, successor.index))
  }

  #replace(lane: Lane, successor: Connection): void {
    const { counters, onLeft } = this.#options
    const old = lane.connection
    lane.connection = successor
    lane.dataFrames = successor.dataFrames
    lane.successor = undefined
    counters.add('connections_rotated')
    void old.stop()
    onLeft(old.index)
    this.#arm(lane)
  }

  #abandon(lane: Lane, successor: Connection): void {
    const { counters, log, onLeft } = this.#options
    const { lastReason, state, topics } = successor.status()
    lane.successor = undefined
    counters.add('rotations_failed')
    log.warn({ connection: successor.index, lastReason, state, topics }, 'successor given up')
    void successor.stop()
    onLeft(successor.index)
    this.#arm(lane)
  }
}
