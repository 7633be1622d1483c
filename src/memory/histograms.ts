import { HISTOGRAM_WORDS, Histogram } from '../core/histogram.ts'
import { cacheLines, checkRegion, createRegion, REGION_HEADER_BYTES } from './region.ts'

/** Latency histograms of a thread, in shared memory, in microseconds. Append only. */
export const HISTOGRAMS = [
  'socket_to_book', // frame left the socket -> book readable
  'socket_to_feature', // ... -> row readable
  'socket_to_score',
  'socket_to_signal',
  'exchange_to_feature', // matching-engine time (ms) -> row readable, by our clock
  'intent_to_submit', // signal -> order handed to the gateway, journal included
  'journal_sync',
  'push_to_feature', // the exchange's push stamp `ts` (ms) -> row readable, by our clock
  'gateway_call', // a call of the gateway made -> its answer
  'fill_to_position', // an execution came in -> position and profit readable, journal included
  'intent_to_durable', // signal -> order on the disk: written and synced
  'intent_to_wire', // signal -> bytes of the order in the socket, or in fetch; none on paper
] as const
export type HistogramName = (typeof HISTOGRAMS)[number]

export function createHistograms(): SharedArrayBuffer {
  return createRegion('histograms', cacheLines(HISTOGRAMS.length * HISTOGRAM_WORDS * 4))
}

export function openHistogram(buffer: SharedArrayBuffer, name: HistogramName): Histogram {
  checkRegion(buffer, 'histograms')
  const at = HISTOGRAMS.indexOf(name) * HISTOGRAM_WORDS * 4
  return new Histogram(new Int32Array(buffer, REGION_HEADER_BYTES + at, HISTOGRAM_WORDS))
}
