import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildNative, type NativeMode, runNative } from './native-build.ts'
import { FeaturePlayer, spreadTape } from './native-features.ts'
import { type BenchCase, medianOf, RoundLane } from './table.ts'
import { encodeTape, makeDeepTape, makeMixedTape, type Tape } from './tape.ts'
import { TapePlayer } from './tape-player.ts'

/**
 * The same bytes through our code and through the same code in C++, in turns, several rounds of
 * each, in processor time. `ratio` is ours divided by C++, the median over the rounds; equal
 * checksums mean that both ended with the same books, or wrote the same rows of features.
 */
export type NativeRow = Readonly<{
  case: string
  ours_ns: number
  native_ns: number
  ratio: number
  ratio_min: number
  ratio_max: number
  checksum: number
  native_checksum: number
}>

export type NativeComparison =
  | Readonly<{ state: 'measured'; rows: readonly NativeRow[] }>
  | Readonly<{ state: 'skipped'; reason: string }>
  | Readonly<{ state: 'failed'; reason: string }>

export const TAPE_SEED = 20_260_809
const ROUNDS = { smoke: 2, full: 9 }
/** Messages of a tape. */
const MIXED = { smoke: 2000, full: 60_000 }
const DEEP = { smoke: 200, full: 8000 }
const NATIVE_PASSES = { smoke: 1, full: 4 }
/** Of a tape for features: the windows of 60 s fill, at the smoke size those of 300 s too. */
const FEATURE_SPAN_MS = { smoke: 600_000, full: 120_000 }

const LABELS: Readonly<Record<NativeMode, string>> = {
  decode: 'scanner',
  apply: 'book',
  pipeline: 'scanner + book',
  simdjson: 'scanner + book, against simdjson + book',
  features: 'book + features A to D',
  levels: 'book + features A to D and J',
}

export type NativeOptions = Readonly<{
  smoke: boolean
  folder: string
  buildOptions?: readonly string[]
  onCase?: (label: string) => void
}>

export function compareNative(options: NativeOptions): NativeComparison {
  const { folder } = options
  const build = buildNative(folder, options.buildOptions)
  if (build.state !== 'built') return build
  const rows: NativeRow[] = []
  const { smoke } = options
  const size = smoke ? 'smoke' : 'full'
  mkdirSync(folder, { recursive: true })
  for (const tape of [makeMixedTape(TAPE_SEED, MIXED[size]), makeDeepTape(TAPE_SEED, DEEP[size])]) {
    for (const [kind, modes] of KINDS) {
      const played = kind === 'features' ? spreadTape(tape, FEATURE_SPAN_MS[size]) : tape
      const file = join(folder, `${tape.topics[0].depth}-${kind}-${size}.tape`)
      writeFileSync(file, encodeTape(played))
      for (const mode of modes) {
        options.onCase?.(`${tape.name}: ${LABELS[mode]}`)
        const row = compare(played, file, mode, build.program, smoke)
        if (row !== undefined) rows.push(row)
      }
    }
  }
  return { state: 'measured', rows }
}

const KINDS = [
  ['books', ['decode', 'apply', 'pipeline', 'simdjson']],
  ['features', ['features', 'levels']],
] as const

/** What one pass of ours is, and its checksum where the pass itself does not answer it. */
function playOf(tape: Tape, mode: NativeMode): Pick<BenchCase, 'run' | 'checksum'> {
  if (mode === 'features' || mode === 'levels') {
    const player = new FeaturePlayer(tape, mode === 'levels')
    return { run: () => player.play(), checksum: () => player.checksum() }
  }
  const player = new TapePlayer(tape)
  if (mode === 'decode') return { run: () => player.decode() }
  if (mode === 'apply') return { run: () => player.apply() }
  return { run: () => player.decodeAndApply() }
}

function compare(
  tape: Tape,
  file: string,
  mode: NativeMode,
  program: string,
  isSmoke: boolean,
): NativeRow | undefined {
  const size = isSmoke ? 'smoke' : 'full'
  const label = `${tape.name}: ${LABELS[mode]}`
  if (runNative(program, file, mode, 1) === undefined) return undefined
  const lane = new RoundLane(
    { case: label, operations: tape.frames.length, ...playOf(tape, mode) },
    isSmoke,
  )
  const ours: number[] = []
  const theirs: number[] = []
  let checksum = 0
  for (let round = 0; round < ROUNDS[size]; round++) {
    ours.push(lane.sample())
    const sample = runNative(program, file, mode, NATIVE_PASSES[size])
    if (sample === undefined) return undefined
    theirs.push(sample.messageNs)
    checksum = sample.checksum
  }
  const ratios = ours.map((ns, round) => ns / theirs[round])
  return {
    case: label,
    ours_ns: medianOf(ours),
    native_ns: medianOf(theirs),
    ratio: medianOf(ratios),
    ratio_min: Math.min(...ratios),
    ratio_max: Math.max(...ratios),
    checksum: lane.row().checksum,
    native_checksum: checksum,
  }
}
