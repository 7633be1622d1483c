import type { ReadCode, RecordFilePlace } from './record-file.ts'
import { parseSegmentFileName } from './record-format.ts'
import type { RecordStorage } from './record-storage.ts'
import { fail, messageOf, type Result, succeed } from './result.ts'

/** Segment numbers in order; empty when the folder has none. */
export function listSegments(
  place: RecordFilePlace,
  storage: RecordStorage,
): Result<number[], ReadCode> {
  try {
    const numbers: number[] = []
    for (const file of storage.list(place.folder)) {
      const segment = parseSegmentFileName(place.name, file)
      if (segment !== undefined) numbers.push(segment)
    }
    return succeed(numbers.sort((a, b) => a - b))
  } catch (error) {
    return fail('input_unreadable', `cannot list ${place.folder}: ${messageOf(error)}`)
  }
}

/** A whole segment; they are bounded by the writer. */
export function readSegment(path: string, storage: RecordStorage): Result<Buffer, ReadCode> {
  try {
    return succeed(storage.read(path))
  } catch (error) {
    return fail('input_unreadable', `cannot read ${path}: ${messageOf(error)}`)
  }
}
