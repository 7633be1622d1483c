import { formatSteps } from '../../src/core/decimal.ts'
import { Random } from '../../src/core/random.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { toInstrument } from '../../src/features/instruments-file.ts'
import { type FeatureCatalogueParameters, withDefaults } from '../../src/features/parameters.ts'
import { RandomStream } from './random-stream.ts'
import type { RawMessage } from './raw-message.ts'
import type { StreamShape } from './stream-shape.ts'

/** One merged stream of one to four symbols with its instruments and parameters, by its seed. */
export type FeatureCase = Readonly<{
  seed: number
  depth: number
  instruments: ReadonlyMap<string, Instrument>
  leader: string
  params: FeatureCatalogueParameters
  messages: readonly RawMessage[]
}>

const SYMBOLS = ['AAAUSDT', 'BBBUSDT', 'CCCUSDT', 'DDDUSDT']
/** Midnight is a minute away from the first. */
const STARTS_MS = [1_767_225_540_000, 1_767_261_580_001]

export function drawCase(seed: number, messages: number): FeatureCase {
  const random = new Random(seed)
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]
  const symbols = SYMBOLS.slice(0, pick([1, 1, 2, 3, 4]))
  const depth = pick([1, 5, 12, 25, 50, 50, 200])
  const params = withDefaults(random.float() < 0.35 ? {} : drawParameters(random))
  const common = {
    messages: Math.ceil(messages / symbols.length),
    depth,
    startMs: pick(STARTS_MS),
    pace: pick([0.05, 0.3, 0.3, 1]),
    swingTicks: pick([0, 2, 5, 30]),
    episodes: pick([0, 0.05, 0.2]),
    hasHugeLots: random.float() < 0.15,
    hasSwarms: seed % 29 === 7,
    leaps: random.float() < 0.15 ? 0.002 : 0,
  }
  const instruments = new Map<string, Instrument>()
  const streams: RawMessage[][] = []
  for (const symbol of symbols) {
    const startTicks = pick([40, 300, 6000, 600_000, 40_000_000])
    const instrument = drawInstrument(random, instruments.size, symbol)
    instruments.set(symbol, instrument)
    const shape: StreamShape = { ...common, seed: random.uint32(), startTicks }
    streams.push(new RandomStream(shape, instrument).run())
  }
  const leader = pick(symbols)
  return { seed, depth, instruments, leader, params, messages: merge(streams) }
}

function drawInstrument(random: Random, index: number, symbol: string): Instrument {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]
  const qtyStep = pick(['0.001', '1', '0.5'])
  const entry = {
    tickSize: pick(['0.1', '0.05', '0.0001', '1']),
    qtyStep,
    vpinBucketQty: qtyStep,
    refNotional: pick(['60', '1000', '2500.5', '100000']),
    bandTicks: pick([0, 3, 15, 500]),
  }
  const { lot } = toInstrument(index, symbol, entry)
  const vpinBucketQty = formatSteps(pick([1, 40, 3000, 200_000]), lot)
  return toInstrument(index, symbol, { ...entry, vpinBucketQty })
}

/**
 * Small values, so that a short stream gets past every warm-up. A half-life of whole buckets that is
 * short beside the samples is left out: there the youngest weights are half of the total but for
 * less than a double can tell, and the weighted median is a matter of rounding. So is the imbalance
 * of two intensities that fade with no base rate until doubles have no digits left.
 */
function drawParameters(random: Random): Partial<FeatureCatalogueParameters> {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]
  return {
    gridMs: pick([100, 250, 1000, 1000, 5000]),
    mpRecalMs: pick([500, 3000, 10_000]),
    mpLookback: pick([2, 20, 360]),
    mpPrior: pick([0.5, 5, 40]),
    mpMinTransitions: pick([1, 4, 10]),
    hawkesMu: pick([0.001, 0.1, 2]),
    hawkesSelf: pick([0.1, 0.6]),
    hawkesCross: pick([0, 0.2]),
    hawkesBeta: pick([0.01, 1.2, 30]),
    vpBinTicks: pick([1, 2, 10, 1000]),
    vpinBuckets: pick([3, 10, 50]),
    vpinMin: pick([2, 5, 10]),
    vpinCdfN: pick([5, 30, 200]),
    vpinCdfMin: pick([2, 5, 20]),
    clusterLevels: pick([4, 10, 50]),
    clusterMinLevels: pick([3, 5, 8]),
    markoutMs: pick([200, 1000, 5000, 7000]),
    fleetingMs: pick([100, 2000, 10_000]),
    spoofMinDistTicks: pick([0, 2, 3, 6]),
    spoofMaxLifeMs: pick([1000, 5000, 20_000]),
    spoofMinAdds: pick([1, 5, 20]),
    layerWindowMs: pick([500, 5000, 15_000]),
    layerMinLevels: pick([1, 2, 3]),
    flickerMs: pick([50, 1000, 4000]),
    zSamples: pick([8, 40, 256]),
    zHalfLife: pick([5.3, 17.5, 60]),
    zMin: pick([2, 5, 20]),
    zClip: pick([1, 3, 10]),
  }
}

/** Each stream keeps its order; of their heads the one that was sent first comes next. */
function merge(streams: readonly RawMessage[][]): RawMessage[] {
  const heads = streams.map(() => 0)
  const merged: RawMessage[] = []
  for (;;) {
    let next = -1
    for (let i = 0; i < streams.length; i++) {
      if (heads[i] === streams[i].length) continue
      if (next < 0 || streams[i][heads[i]].ts < streams[next][heads[next]].ts) next = i
    }
    if (next < 0) return merged
    merged.push(streams[next][heads[next]++])
  }
}
