import type { RemotePosition } from '../gateway.ts'
import type { AccountMarket } from './account-market.ts'
import { readPosition } from './position-rows.ts'
import { type Fields, numberIn } from './wire-fields.ts'

/** `seq` orders the rows of one symbol, of the stream and of the list; NaN: not told. */
export type PositionRow = Readonly<{ position: RemotePosition; seq: number }>

/** `timeMs`: the exchange's own time of the list; NaN: not told. */
export type ListedPositions = Readonly<{
  kind: 'listed'
  rows: readonly PositionRow[]
  timeMs: number
}>

/** What the stream told of one: when by the exchange's time, NaN: not told, and by ours. */
export type PositionPicture = PositionRow & Readonly<{ createdMs: number; receivedUs: number }>

export function readPositionRow(fields: Fields, market: AccountMarket): PositionRow | undefined {
  const position = readPosition(fields, market)
  return position === undefined ? undefined : { position, seq: numberIn(fields, 'seq') }
}

/**
 * What is open by the list, and by the pictures that came after it was asked for and are newer. A
 * call may wait for its turn, and the stream may lag, so one that came later may be older: of two
 * rows the higher `seq` is the newer, and what is flat is not listed, so that its time is compared.
 */
export function newestPositions(
  { rows, timeMs }: ListedPositions,
  pictures: Iterable<PositionPicture>,
  askedUs: number,
): readonly RemotePosition[] {
  const newest = new Map(rows.map((row) => [row.position.key, row]))
  for (const picture of pictures) {
    const { key } = picture.position
    const seq = newest.get(key)?.seq ?? Number.NaN
    const isOlder = Number.isNaN(seq - picture.seq) ? picture.createdMs < timeMs : picture.seq < seq
    if (picture.receivedUs >= askedUs && !isOlder) newest.set(key, picture)
  }
  return [...newest.values()].map(({ position }) => position).filter(({ lots }) => lots !== 0)
}
