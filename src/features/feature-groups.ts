// hot
import type { FeatureGroup } from './catalogue.ts'
import { VolumeFeatures } from './group-e.ts'
import { PressureFeatures } from './group-f.ts'
import { VolatilityFeatures } from './group-g.ts'
import { ToxicityFeatures } from './group-h.ts'
import { ClusterFeatures } from './group-i.ts'
import { LevelFeatures } from './group-j.ts'
import { ManipulationFeatures } from './group-k.ts'
import { RollingFeatures } from './group-l.ts'
import { CrossFeatures } from './group-m.ts'
import { NormalFeatures } from './group-n.ts'
import { QueueModel } from './queue-model.ts'
import type { GroupSetup, RowState, TradeState } from './row-state.ts'
import { BookSizes } from './size-window.ts'
import { SUPPORT_LEVELS } from './support-score.ts'

/**
 * The groups that can be switched off, in the order in which they read each other's columns: L and
 * N look back at what A to D wrote. A group that is off keeps no state and costs nothing.
 */
export class FeatureGroups {
  readonly #volume: VolumeFeatures | undefined
  readonly #pressure: PressureFeatures | undefined
  readonly #volatility: VolatilityFeatures | undefined
  readonly #toxicity: ToxicityFeatures | undefined
  /** Of I, and of J where it looks at as many levels. */
  readonly #clusterSizes: BookSizes | undefined
  readonly #clusters: ClusterFeatures | undefined
  /** Shared by J and K. */
  readonly #queues: QueueModel | undefined
  /** Of J alone. */
  readonly #levelSizes: BookSizes | undefined
  readonly #levels: LevelFeatures | undefined
  readonly #manipulation: ManipulationFeatures | undefined
  readonly #rolling: RollingFeatures | undefined
  readonly #cross: CrossFeatures | undefined
  readonly #normal: NormalFeatures | undefined

  constructor(setup: GroupSetup, groups: ReadonlySet<FeatureGroup>) {
    if (groups.has('E')) this.#volume = new VolumeFeatures(setup)
    if (groups.has('F')) this.#pressure = new PressureFeatures(setup)
    if (groups.has('G')) this.#volatility = new VolatilityFeatures()
    if (groups.has('H')) this.#toxicity = new ToxicityFeatures(setup)
    const { clusterLevels } = setup.params
    if (groups.has('I')) {
      this.#clusterSizes = new BookSizes(clusterLevels)
      this.#clusters = new ClusterFeatures(setup, this.#clusterSizes)
    }
    if (groups.has('J') || groups.has('K')) {
      const queues = new QueueModel(setup)
      this.#queues = queues
      if (groups.has('J')) {
        const shared = clusterLevels === SUPPORT_LEVELS ? this.#clusterSizes : undefined
        const sizes = shared ?? new BookSizes(SUPPORT_LEVELS)
        if (shared === undefined) this.#levelSizes = sizes
        this.#levels = new LevelFeatures(setup, queues, sizes)
      }
      if (groups.has('K')) this.#manipulation = new ManipulationFeatures(setup, queues)
    }
    if (groups.has('L')) this.#rolling = new RollingFeatures()
    if (groups.has('M')) this.#cross = new CrossFeatures(setup.place)
    if (groups.has('N')) this.#normal = new NormalFeatures(setup)
  }

  addTrade(trade: TradeState): void {
    this.#volume?.addTrade(trade)
    this.#pressure?.addTrade(trade)
    this.#volatility?.addTrade(trade)
    this.#toxicity?.addTrade(trade)
    this.#manipulation?.addTrade(trade)
    this.#cross?.addTrade(trade)
  }

  /** The symbol has no mid until its next snapshot. */
  onGap(): void {
    this.#cross?.onGap()
  }

  /** Writes the columns of the groups that are on; those of A to D are there already. */
  update(values: Float64Array, row: RowState): void {
    this.#queues?.update(row)
    this.#volume?.update(values, row)
    this.#pressure?.update(values, row)
    this.#volatility?.update(values, row)
    this.#toxicity?.update(values, row)
    this.#clusterSizes?.update(row)
    this.#clusters?.update(values, row)
    this.#levelSizes?.update(row)
    this.#levels?.update(values, row)
    this.#manipulation?.update(values, row)
    this.#rolling?.update(values, row)
    this.#cross?.update(values, row)
    this.#normal?.update(values, row)
  }
}
