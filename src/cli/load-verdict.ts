import type { AccountZeros } from './account-proof.ts'
import type { FaultAccount, OpenFault } from './fault-account.ts'
import type { Quantiles } from './load-quantiles.ts'
import type { ResourceFigures } from './load-resources.ts'

/** Of orders that went to the account of the mock, with `--gateway bybit` only. */
export type AccountVerdict = AccountZeros & Readonly<{ fills: number; unfinished: number }>

/** What `bookflow load-test --json` prints. */
export type LoadVerdict = Readonly<{
  ok: boolean
  symbols: number
  rate: number
  /** Of load. Messages, rows, latencies, processor and memory are of these alone. */
  seconds: number
  /** After it, until every fault was repaired, or until there was no more hope of it. */
  settle_seconds: number
  faults: FaultAccount
  /** Books that left LIVE for a gap or bad data without a fault on record. */
  faults_unexplained: number
  /** The first faults that were not noticed or not repaired, and books that left LIVE without one. */
  faults_open: readonly OpenFault[]
  messages_sent: number
  messages_applied: number
  messages_per_second: number
  /** Sent to the engine and never received, since the warm-up; null where nobody could tell. */
  messages_lost: number | null
  books_live: number
  /** Too long without a message; right where the exchange sends none (`--rate 0`). */
  books_stale: number
  books_compared: number
  books_wrong: number
  /** Looks at which a book was not LIVE, so there was nothing to compare. */
  books_not_live: number
  /** Looks for which the mock no longer knew the truth at that update id. */
  books_unknown: number
  gaps: number
  /** Book updates that were sent and never applied, though a connection could have brought them. */
  lost_updates: number
  /** The same while the mock had broken both connections of their topics: nobody could have them. */
  lost_on_both_lines: number
  resyncs: number
  connections_lost: number
  frames_malformed: number
  shard_restarts: number
  feature_rows: number
  scores: number
  signals: number
  orders: number
  /** `push_to_*` and `exchange_to_*` begin at stamps of whole milliseconds. */
  latency_us: Readonly<Record<string, Quantiles>>
  /** Until every book was live, then the first seconds after it. */
  warm_up: Readonly<{
    live_after_seconds: number
    seconds: number
    /** By connections that broke until then; their topics began anew. */
    messages_lost: number | null
    latency_us: Readonly<Record<string, Quantiles>>
  }>
  /** The same messages at a bare socket, in the same seconds. */
  floor: Readonly<{
    push_to_socket_us: Quantiles
    wake_lag_us: Quantiles
    cpu_cores: number
    /** Our `push_to_feature` p99 over the bare reader's `push_to_socket` p99; null without any. */
    p99_ratio: number | null
  }> | null
  mock: Readonly<{ cpu_cores: number; behind_ms_max: number }>
}> &
  ResourceFigures &
  Partial<AccountVerdict>
