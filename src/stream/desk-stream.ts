import { DESK_IDLE_TICK_MS } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import { ChannelTable } from './channel-table.ts'
import type { DeskAccess } from './desk-access.ts'
import type { Tick } from './desk-channel.ts'
import type { DeskMemory } from './desk-memory.ts'
import { DeskRecords } from './desk-records.ts'
import { DeskSession } from './desk-session.ts'
import type { NameOrder } from './order-fold.ts'
import type { DeskRequest, DeskSocket, DeskSocketEvents } from './stream-server.ts'

export type DeskStreamParts = Readonly<{
  memory: DeskMemory
  access: DeskAccess
  clock: Clock
  timers: Timers
  log: Logger
  nameOrder: NameOrder
  tickMs: number
  clientsMax: number
}>

/**
 * The desk stream without its sockets: reads shared memory every tick and gives each client what is
 * new.
 *
 *   shared memory --look--> channels --frames encoded once--> sessions --own seq and missed--> sockets
 *   rings ---------drain--> logs ----/
 *
 * It writes nothing that a shard or execution reads, so nothing that a client does can reach them.
 */
export class DeskStream {
  readonly #parts: DeskStreamParts
  readonly #records: DeskRecords
  readonly #table: ChannelTable
  readonly #sessions = new Set<DeskSession>()
  readonly #tick: Tick = { number: 0, nowUs: 0 }
  #cancelTimer: CancelTimer | undefined
  #isRunning = false

  constructor(parts: DeskStreamParts) {
    this.#parts = parts
    this.#records = new DeskRecords(parts.memory, parts.nameOrder)
    this.#table = new ChannelTable(parts.memory, this.#records, () => ({
      clients: this.#sessions.size,
      channels: this.#table.size,
    }))
  }

  /** A client has connected. */
  accept(socket: DeskSocket, request: DeskRequest): DeskSocketEvents {
    const { memory, access, clock, log, clientsMax } = this.#parts
    memory.counters.add('clients_connected')
    const session = new DeskSession(socket, request, {
      table: this.#table,
      access,
      counters: memory.counters,
      features: memory.features,
      nowUs: () => clock.nowUs(),
      onClose: (closed, reason) => this.#forget(closed, reason),
    })
    if (session.isClosed) return session
    this.#sessions.add(session)
    if (this.#sessions.size > clientsMax) {
      memory.counters.add('clients_refused')
      session.refuse('too_many_clients', `this stream serves ${clientsMax} clients; try later`)
      return session
    }
    log.info({ clients: this.#sessions.size, protocol: request.protocol }, 'desk client connected')
    if (this.#isRunning && this.#sessions.size === 1) this.#schedule(this.#parts.tickMs)
    return session
  }

  /** One tick: rings into logs, then every client as far as it keeps up. */
  doWork(): void {
    this.#tick.number++
    this.#tick.nowUs = this.#parts.clock.nowUs()
    this.#records.drain()
    for (const session of this.#sessions) session.flush(this.#tick)
  }

  start(): void {
    this.#isRunning = true
    this.#schedule(DESK_IDLE_TICK_MS)
  }

  stop(): void {
    this.#isRunning = false
    this.#cancelTimer?.()
  }

  /**
   * After the work, never on a fixed beat: ticks that take long do not pile up, and sockets are
   * read between them.
   */
  #schedule(delayMs: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#parts.timers.after(delayMs, () => {
      this.doWork()
      if (!this.#isRunning) return
      const { clock, tickMs } = this.#parts
      const tookMs = (clock.nowUs() - this.#tick.nowUs) / 1000
      this.#schedule(this.#sessions.size === 0 ? DESK_IDLE_TICK_MS : Math.max(0, tickMs - tookMs))
    })
  }

  #forget(session: DeskSession, reason: string): void {
    if (!this.#sessions.delete(session)) return
    const { memory, log } = this.#parts
    memory.counters.add('clients_disconnected')
    log.info({ clients: this.#sessions.size, reason }, 'desk client disconnected')
  }
}
