import { createPeers, peerChecksum } from './peers.ts'
import { type BenchCase, type BenchOptions, type BenchTable, measureRounds } from './table.ts'
import { makeDeepTape, makeMixedTape, type Tape } from './tape.ts'
import { TapePlayer } from './tape-player.ts'

/**
 * Frames to books, by us and by the libraries from npm, on the same bytes: an operation is one
 * message, `ratio` says how many times our time a case takes. Equal checksums mean equal final
 * books; the row of `JSON.parse` alone sums the lengths of what it made.
 */
export const PEERS_SEED = 20_260_809
const MIXED = { smoke: 600, full: 20_000 }
const DEEP = { smoke: 60, full: 4000 }

export async function run(options: BenchOptions): Promise<BenchTable[]> {
  const size = options.smoke ? 'smoke' : 'full'
  const tapes = [makeMixedTape(PEERS_SEED, MIXED[size]), makeDeepTape(PEERS_SEED, DEEP[size])]
  return tapes.map((tape) => {
    const table = measureRounds(`peers, ${tape.name}`, casesOf(tape), options)
    const ours = table.rows[0].median_ns
    const rows = table.rows.map((row) => ({ ...row, ratio: row.median_ns / ours }))
    return { name: table.name, rows, ratio_of: 'this / bookflow' }
  })
}

function casesOf(tape: Tape): BenchCase[] {
  const { frames } = tape
  const operations = frames.length
  const player = new TapePlayer(tape)
  const peers = createPeers(tape).map((peer) => ({
    ...{ case: peer.name, operations },
    run: () => {
      peer.play(frames)
      return 0
    },
    checksum: () => peerChecksum(peer, tape),
  }))
  const parse = () => {
    let sum = 0
    for (const frame of frames) sum += JSON.parse(frame.toString()).topic.length
    return sum
  }
  return [
    { case: 'bookflow', operations, run: () => player.decodeAndApply() },
    { case: 'JSON.parse alone', operations, run: parse },
    ...peers,
  ]
}
