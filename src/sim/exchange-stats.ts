import type { FaultCounts } from './fault-injection.ts'

/** What the mock says of itself, in the words of its JSON. */
export type MockExchangeStats = {
  /** Of the market. */
  messages_sent: number
  /** Of the private stream and order entry. */
  private_messages_sent: number
  bytes_sent: number
  messages_published: number
  connections: number
  topics: number
  dropped_clients: number
  refused_connections: number
  behind_ms: number
  skipped_ms: number
  /** Of the process the mock runs in. */
  cpu_seconds: number
  faults: FaultCounts
}

/** Of the process the mock runs in. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
