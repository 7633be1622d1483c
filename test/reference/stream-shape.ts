/** What a seeded market is like; the seed and this say everything about it. */
export type StreamShape = Readonly<{
  seed: number
  messages: number
  depth: number
  /** Price around which it begins, in ticks. */
  startTicks: number
  startMs: number
  /** Factor of all waits; 1 when left out. */
  pace?: number
  /** How far the price follows the path of the time, in ticks; not at all when left out. */
  swingTicks?: number
  /** Chance of an episode a step; none when left out. */
  episodes?: number
  /** Sizes up to 2^40 lots. */
  hasHugeLots?: boolean
  /** Whether a swarm of tiny trades is a message of a thousand instead of forty messages. */
  hasSwarms?: boolean
  /** Chance a step that hours pass, or that a clock is hours ahead for one message. */
  leaps?: number
}>
