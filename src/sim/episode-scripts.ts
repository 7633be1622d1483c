import type { EpisodeStage } from './episode-stage.ts'
import { ASK, BID } from './matching-engine.ts'

/**
 * What each episode does, step by step; a script yields the milliseconds until its next step. Sizes
 * are multiples of the median level, so that an episode is as plain to see in one market as in
 * another.
 */
export type EpisodeScript = (stage: EpisodeStage) => Generator<number, void, void>

const WALL = 120
const WALL_LIFE_MS = 4000

/** The price stays about where it is. */
function* hold(stage: EpisodeStage, ms: number): Generator<number, void, void> {
  const ticks = stage.mid()
  for (let left = ms; left > 0; left -= 100) {
    stage.drawTo(ticks)
    yield 100
  }
}

/** A wall stands for a while, with the alert that says so. */
function* wall(stage: EpisodeStage, ticks: number): Generator<number, number, void> {
  stage.expect('wall_appeared', 3500)
  const id = stage.place(ticks, WALL * stage.medianLots())
  yield* hold(stage, WALL_LIFE_MS)
  return id
}

function* wallPulled(stage: EpisodeStage): Generator<number, void, void> {
  const id = yield* wall(stage, stage.behind(8))
  stage.expect('wall_pulled', 3000)
  stage.cancel(id)
  yield 3000
}

function* wallMoved(stage: EpisodeStage): Generator<number, void, void> {
  const lots = WALL * stage.medianLots()
  const id = yield* wall(stage, stage.behind(6))
  stage.expect('wall_moved', 2000)
  stage.cancel(id)
  const next = stage.place(stage.behind(14), lots)
  yield 3000
  stage.expect('wall_pulled', 3000) // the moved one goes in the end
  stage.cancel(next)
  yield 3000
}

function* wallEaten(stage: EpisodeStage): Generator<number, void, void> {
  const ticks = stage.behind(4)
  const lots = WALL * stage.medianLots()
  const id = yield* wall(stage, ticks)
  stage.expect('wall_eaten', 6000)
  for (let i = 0; i < 60 && stage.market.engine.leavesLots(id) > 0; i++) {
    stage.hit(ticks, stage.depthTo(ticks + stage.sign) + lots / 12)
    yield 80
  }
  yield 1000
}

function* clusterBroken(stage: EpisodeStage): Generator<number, void, void> {
  const levels = 5
  const near = stage.behind(4)
  const lots = 30 * stage.medianLots()
  const far = near - stage.sign * (levels - 1)
  stage.expect('cluster_formed', 5500)
  for (let i = 0; i < levels; i++) stage.place(near - stage.sign * i, lots)
  yield* hold(stage, 6000)
  stage.expect('cluster_broken', 6000)
  stage.draw(-stage.sign * 12)
  for (let i = 0; i < 40 && (stage.best() - far) * stage.sign >= 0; i++) {
    stage.hit(far, Math.max(1, stage.depthTo(far)) / 3 + lots / 2)
    yield 100
  }
  yield 2000
}

function* levelAbsorbed(stage: EpisodeStage): Generator<number, void, void> {
  const ticks = stage.best()
  const lots = 4 * stage.medianLots()
  stage.expect('level_absorbed', 8000)
  let id = stage.place(ticks, 3 * lots)
  for (let i = 0; i < 80; i++) {
    stage.hit(ticks, stage.depthTo(ticks + stage.sign) + lots)
    stage.cancel(id)
    id = stage.place(ticks, 3 * lots)
    yield 60
  }
  stage.cancel(id)
  yield 2000
}

function* level(stage: EpisodeStage): Generator<number, void, void> {
  const away = 10
  const ticks = stage.behind(away)
  const id = stage.place(ticks, 2.5 * WALL * stage.medianLots())
  stage.expect(stage.side === BID ? 'support_found' : 'resistance_found', 20_000)
  yield* hold(stage, 21_000)
  const distance = () => (stage.best() - ticks) * stage.sign
  stage.expect('level_touched', 8000)
  stage.draw(-stage.sign * distance())
  for (let i = 0; i < 60 && distance() > 0; i++) {
    stage.hit(ticks + stage.sign, stage.depthTo(ticks + stage.sign))
    yield 100
  }
  yield 300
  stage.drawTo(ticks + stage.sign * 1.5 * away)
  yield 6000
  stage.expect('level_broken', 10_000)
  stage.cancel(id)
  stage.draw(-stage.sign * (distance() + 3 * away))
  for (let i = 0; i < 60 && distance() > -2 * away; i++) {
    const limit = stage.behind(away)
    stage.hit(limit, stage.depthTo(limit) / 2)
    yield 100
  }
  yield 3000
}

function* spoofing(stage: EpisodeStage): Generator<number, void, void> {
  const lots = 400 * stage.medianLots()
  stage.expect('spoofing_suspected', 8000)
  for (let i = 0; i < 4; i++) {
    const id = stage.place(stage.behind(6), lots)
    yield 300
    stage.take(stage.side, stage.best(1 - stage.side), stage.medianLots() / 2)
    yield 300
    stage.cancel(id)
    yield 600
  }
}

function* layering(stage: EpisodeStage): Generator<number, void, void> {
  const lots = 120 * stage.medianLots()
  stage.expect('layering_suspected', 4000)
  const ids = [2, 4, 6, 8, 10, 12].map((ticks) => stage.place(stage.behind(ticks), lots))
  yield 500
  stage.take(stage.side, stage.best(1 - stage.side), stage.medianLots() / 2)
  yield 500
  for (const id of ids) stage.cancel(id)
  yield 3000
}

function* stuffing(stage: EpisodeStage): Generator<number, void, void> {
  stage.expect('stuffing_suspected', 3000, 0)
  for (let i = 0; i < 150; i++) {
    const bids = Array.from({ length: 40 }, (_, at) => stage.best(BID) - 2 - at)
    const asks = Array.from({ length: 40 }, (_, at) => stage.best(ASK) + 2 + at)
    const ids = [
      ...bids.filter((ticks) => ticks > 0).map((ticks) => stage.place(ticks, 1, BID)),
      ...asks.map((ticks) => stage.place(ticks, 1, ASK)),
    ]
    yield 20
    for (const id of ids) stage.cancel(id)
    yield 20
  }
}

function* toxicity(stage: EpisodeStage): Generator<number, void, void> {
  stage.expect('toxicity_high', 60_000, 0)
  for (let i = 0; i < 600; i++) {
    stage.hit(stage.behind(6), 20 * stage.medianLots())
    yield 80
  }
}

function* priceExplosion(stage: EpisodeStage): Generator<number, void, void> {
  const step = stage.best() * 0.0045
  stage.expect('price_explosion', 20_000)
  for (let i = 0; i < 10; i++) {
    stage.draw(stage.sign * step)
    const limit = stage.market.fair.ticks
    for (let turn = 0; turn < 4; turn++) {
      stage.take(stage.side, limit, 300 * stage.medianLots())
      yield 250
    }
  }
  yield 5000
}

function* volumeExplosion(stage: EpisodeStage): Generator<number, void, void> {
  stage.expect('volume_explosion', 12_000, 0)
  for (let i = 0; i < 120; i++) {
    const side = i % 2 === 0 ? BID : ASK
    const limit = stage.best(1 - side) + (side === BID ? 40 : -40)
    stage.take(side, limit, 40 * stage.medianLots())
    yield 60
  }
  yield 4000
}

/** Keeps rows coming while the crowd is quiet. */
function* flutter(stage: EpisodeStage, ms: number): Generator<number, void, void> {
  for (let left = ms; left > 0; left -= 50) {
    const id = stage.place(stage.behind(60), 1)
    yield 25
    stage.cancel(id)
    yield 25
  }
}

function* spreadBlowout(stage: EpisodeStage): Generator<number, void, void> {
  const spread = Math.max(2, stage.best(ASK) - stage.best(BID))
  stage.expect('spread_blowout', 3000, 0)
  stage.quiet(2500)
  stage.clear(BID, -1, 10 * spread)
  stage.clear(ASK, -1, 10 * spread)
  yield* flutter(stage, 2000)
  yield 4000
}

function* liquidityHole(stage: EpisodeStage): Generator<number, void, void> {
  stage.expect('liquidity_hole', 3500)
  stage.quiet(3000)
  stage.clear(stage.side, 2, 70)
  yield* flutter(stage, 2500)
  yield 4000
}

function* bookStale(stage: EpisodeStage): Generator<number, void, void> {
  stage.expect('book_stale', 5000, 0)
  stage.silence(4000)
  yield 4000
  stage.expect('book_recovered', 2000, 0)
  yield 2000
}

export const EPISODE_SCRIPTS = {
  wall_pulled: wallPulled,
  wall_moved: wallMoved,
  wall_eaten: wallEaten,
  cluster_broken: clusterBroken,
  level_absorbed: levelAbsorbed,
  level,
  spoofing,
  layering,
  stuffing,
  toxicity,
  price_explosion: priceExplosion,
  volume_explosion: volumeExplosion,
  spread_blowout: spreadBlowout,
  liquidity_hole: liquidityHole,
  book_stale: bookStale,
} as const satisfies Record<string, EpisodeScript>

export type EpisodeName = keyof typeof EPISODE_SCRIPTS
export const EPISODE_NAMES: readonly EpisodeName[] = Object.keys(EPISODE_SCRIPTS).filter(isEpisode)

export function isEpisode(name: string): name is EpisodeName {
  return Object.hasOwn(EPISODE_SCRIPTS, name)
}
