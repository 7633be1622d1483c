import { statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKPOINTS_KEPT, RETENTION_SEGMENTS_PER_LOOK_MAX, VERSION } from '../../constants.ts'
import { readSegmentHeader } from '../../core/record-file.ts'
import { listSegments } from '../../core/record-folder.ts'
import { segmentFileName } from '../../core/record-format.ts'
import { fileStorage } from '../../core/record-storage.ts'
import { fail, messageOf, type Result, succeed } from '../../core/result.ts'
import { JOURNAL_NAME } from '../../domain/journal.ts'
import { listCheckpoints, readCheckpoint } from './checkpoint-file.ts'

/**
 * Which closed segments of the journal may be deleted. A start needs the segment of the older
 * checkpoint and all after it, so nothing goes before there are as many usable checkpoints as are
 * kept; a projection needs what it has not read. Off is Infinity; when both are off nothing goes.
 */
export type RetentionRule = Readonly<{ segmentsMin: number; hoursMin: number }>

export type SegmentFacts = Readonly<{
  segment: number
  firstSequence: number
  /** When it was written last, since the epoch. */
  writtenMs: number
}>

export type RetentionFacts = Readonly<{
  /** In order, the newest last. */
  segments: readonly SegmentFacts[]
  /** Of each checkpoint that a start could use: the segment that holds its last record. */
  checkpointSegments: () => readonly number[]
  /** Record that SQL has reached; undefined: not known. */
  projectedTo: number | undefined
}>

const HOUR_MS = 3_600_000

/** Always the oldest ones, without a hole, so that what stays is one journal. */
export function removableSegments(
  facts: RetentionFacts,
  rule: RetentionRule,
  nowMs: number,
): readonly number[] {
  const { hoursMin, segmentsMin } = rule
  const { projectedTo, segments } = facts
  if (segmentsMin === Number.POSITIVE_INFINITY && hoursMin === Number.POSITIVE_INFINITY) return []
  const isOff = (limit: number) => limit === Number.POSITIVE_INFINITY
  const old: number[] = []
  for (const [index, { segment, writtenMs }] of segments.entries()) {
    const next = segments[index + 1]
    if (next === undefined || projectedTo === undefined) break
    if (next.firstSequence - 1 > projectedTo) break
    if (!isOff(segmentsMin) && segments.length - index <= segmentsMin) break
    if (!isOff(hoursMin) && nowMs - writtenMs < hoursMin * HOUR_MS) break
    old.push(segment)
  }
  if (old.length === 0) return []
  const checkpoints = facts.checkpointSegments()
  if (checkpoints.length < CHECKPOINTS_KEPT) return []
  const needed = Math.min(...checkpoints)
  return old.filter((segment) => segment < needed)
}

/** Deletes what may go, oldest first; answers the segments that went. */
export function trimJournal(
  folder: string,
  rule: RetentionRule,
  projectedTo: number | undefined,
  nowMs: number,
): Result<readonly number[], 'data_folder_unwritable'> {
  const place = { folder, name: JOURNAL_NAME }
  const listed = listSegments(place, fileStorage)
  if (!listed.ok) return fail('data_folder_unwritable', listed.message)
  const removed: number[] = []
  try {
    const segments = listed.value.map((segment) => readFacts(folder, segment))
    const known = segments.filter((one) => one !== undefined)
    if (known.length < segments.length) return succeed(removed) // one is being created
    const checkpointSegments = () => usableCheckpoints(folder)
    const facts = { segments: known, checkpointSegments, projectedTo }
    const removable = removableSegments(facts, rule, nowMs)
    for (const segment of removable.slice(0, RETENTION_SEGMENTS_PER_LOOK_MAX)) {
      unlinkSync(join(folder, segmentFileName(JOURNAL_NAME, segment)))
      removed.push(segment)
    }
  } catch (error) {
    const text = `${messageOf(error)}; deleted before it: ${removed.join(', ') || 'none'}`
    return fail('data_folder_unwritable', `${folder}: ${text}`)
  }
  return succeed(removed)
}

function readFacts(folder: string, segment: number): SegmentFacts | undefined {
  const header = readSegmentHeader({ folder, name: JOURNAL_NAME }, segment)
  if (header === undefined) return undefined
  const { mtimeMs } = statSync(join(folder, segmentFileName(JOURNAL_NAME, segment)))
  return { segment, firstSequence: header.firstSequence, writtenMs: mtimeMs }
}

function usableCheckpoints(folder: string): readonly number[] {
  return listCheckpoints(folder, fileStorage).flatMap((segment) => {
    const read = readCheckpoint(folder, segment, VERSION, fileStorage)
    return read.ok ? [read.value.mark.segment] : []
  })
}
