import type { FaultKind } from './fault-injection.ts'

/**
 * How often each fault happens by chance: mean seconds between two of a kind, over the whole
 * exchange.
 */
export const FAULT_PROFILES = ['none', 'standard', 'hostile'] as const
export type FaultProfile = (typeof FAULT_PROFILES)[number]

type MeanSeconds = Readonly<Partial<Record<FaultKind, number>>>

// biome-ignore format: a table
export const FAULT_MEAN_SECONDS: Readonly<Record<FaultProfile, MeanSeconds>> = {
  none: {},
  standard: {
    drop_delta: 10, duplicate: 15, garbage: 15, kill_connection: 60, silence: 60, restart: 60,
  },
  hostile: {
    drop_delta: 1, duplicate: 1, garbage: 1, kill_connection: 8, silence: 10, restart: 8,
  },
}
