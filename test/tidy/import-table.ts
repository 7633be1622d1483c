/**
 * Who may import whom, as data. A folder of `src` may import itself and what stands here; `core` is
 * open to all but itself alone, and stages never import each other: they meet in `threads`.
 */
export const IMPORT_TABLE: Readonly<Record<string, readonly string[]>> = {
  core: [],
  constants: ['core'],
  domain: ['core', 'constants'],
  memory: ['core', 'constants', 'domain'],
  config: ['core', 'constants', 'domain'],
  feed: ['core', 'constants', 'domain', 'memory'],
  book: ['core', 'constants', 'domain', 'memory'],
  features: ['core', 'constants', 'domain', 'memory'],
  alerts: ['core', 'constants', 'domain', 'memory'],
  candles: ['core', 'constants', 'domain', 'memory'],
  model: ['core', 'constants', 'domain', 'memory'],
  signal: ['core', 'constants', 'domain', 'memory'],
  execution: ['core', 'constants', 'domain', 'memory'],
  store: ['core', 'constants', 'domain', 'memory'],
  stream: ['core', 'constants', 'domain', 'memory'],
  control: ['core', 'constants', 'domain', 'memory'],
  sim: ['core', 'constants', 'domain'],
  simulate: ['core', 'constants', 'domain', 'memory', 'execution'],
  threads: ['*'],
  cli: ['*'],
  main: ['cli', 'constants', 'core'],
}

/** Folders that even `*` does not reach. */
export const NEVER_IMPORTED: Readonly<Record<string, readonly string[]>> = {
  cli: ['main'],
  threads: ['cli', 'main'],
}

/** Files that nothing imports because something else starts them. */
export const ENTRIES: readonly string[] = [
  'src/main.ts',
  'src/stream/client.ts',
  'src/store/store-process.ts',
]

/** Only here may the machine's clock, timers and randomness be touched. */
export const CLOCK_FILES: readonly string[] = [
  'src/core/clock.ts',
  'src/core/random.ts',
  'src/core/timer.ts',
]
