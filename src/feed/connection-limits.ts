import type { BackoffBounds } from './backoff.ts'
import type { LivenessLimits } from './liveness.ts'

export type ConnectionLimits = LivenessLimits &
  Readonly<{
    backoff: BackoffBounds
    /** From the first packet to the end of the WebSocket handshake. */
    connectTimeoutMs: number
    /** A connection that held this long, with data, starts its backoff anew when it is lost. */
    stableMs: number
    ackTimeoutMs: number
    /** How long `stop` waits for the other side's close frame. */
    closeTimeoutMs: number
  }>

export const CONNECTION_LIMITS_DEFAULT: ConnectionLimits = {
  backoff: { minMs: 125, maxMs: 30_000 },
  connectTimeoutMs: 10_000,
  stableMs: 30_000,
  pingPeriodMs: 20_000,
  silentMs: 20_000,
  dataSilentMs: 60_000,
  ackTimeoutMs: 5_000,
  closeTimeoutMs: 1_000,
}
