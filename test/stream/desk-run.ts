import { pino } from 'pino'
import type { Clock } from '../../src/core/clock.ts'
import { systemClock } from '../../src/core/clock.ts'
import { systemTimers } from '../../src/core/timer.ts'
import { openDeskMemory } from '../../src/stream/desk-memory.ts'
import { type DeskServer, startDeskServer } from '../../src/stream/desk-server.ts'
import type { StreamServerKind } from '../../src/stream/stream-server.ts'
import { listenUws } from '../../src/stream/uws-server.ts'
import type { DeskWorld } from './desk-fixture.ts'

const probe = await listenUws(
  { host: '127.0.0.1', port: 0, requestBytesMax: 1, backlogBytesMax: 1, pingPeriodMs: 30_000 },
  () => ({ onMessage: () => {}, onClose: () => {} }),
)
if (probe.ok) await probe.value.close()

/**
 * The libraries that can serve here. The other tests of uWebSockets.js are skipped where it has no
 * binary.
 */
export const SERVERS: readonly (readonly [StreamServerKind, boolean])[] = [
  ['ws', true],
  ['uws', probe.ok],
]

export type RunOptions = {
  server: StreamServerKind
  clock?: Clock
  token?: string
  host?: string
  port?: number
  clientsMax?: number
  tickMs?: number
}

export function tryRun(world: DeskWorld, options: RunOptions) {
  return startDeskServer({
    memory: openDeskMemory(world.buffers),
    clock: options.clock ?? systemClock,
    timers: systemTimers,
    log: pino({ level: 'silent' }),
    nameOrder: (run, number) => `bf-${run}-${number}`,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    token: options.token,
    tickMs: options.tickMs ?? 2,
    clientsMax: options.clientsMax ?? 16,
    server: options.server,
  })
}

export async function run(world: DeskWorld, options: RunOptions): Promise<DeskServer> {
  const started = await tryRun(world, options)
  if (!started.ok) throw new Error(started.message)
  return started.value
}
