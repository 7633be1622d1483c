import {
  CHECKPOINT_BYTES_MAX,
  CHECKPOINT_RECORDS_MIN,
  CHECKPOINTS_KEPT,
  VERSION,
} from '../../constants.ts'
import { assert } from '../../core/assert.ts'
import type { RecordMark } from '../../core/record-file.ts'
import { SEGMENT_HEADER_BYTES } from '../../core/record-format.ts'
import type { RecordOutput, RecordStorage } from '../../core/record-storage.ts'
import { messageOf } from '../../core/result.ts'
import { checkpointFile, encodeCheckpoint, listCheckpoints } from './checkpoint-file.ts'

/** What became of one: `written`, or why it could not be. */
export type CheckpointEvent = Readonly<{
  event: 'written' | 'failed'
  sequence: number
  bytes: number
  message: string
}>

export type CheckpointerParts = Readonly<{
  folder: string
  run: number
  storage: RecordStorage
  /** The one that this run began with; undefined: none. */
  last: RecordMark | undefined
  onEvent: (event: CheckpointEvent) => void
  recordsMin?: number
}>

/**
 * Writes checkpoints beside the journal, at most one a segment. The actor gives its state between
 * two turns, which takes a moment; writing and syncing go on beside its work. One that fails is told
 * of and tried again in the next segment: nothing depends on it.
 */
export class Checkpointer {
  readonly #parts: CheckpointerParts
  #lastSegment: number
  #lastSequence: number
  #writing: Promise<void> | undefined

  constructor(parts: CheckpointerParts) {
    this.#parts = parts
    this.#lastSegment = parts.last?.segment ?? 0
    this.#lastSequence = parts.last?.sequence ?? 0
  }

  /** `mark` names the last record that is in what `encode` answers; all up to it is durable. */
  offer(mark: RecordMark, encode: () => Uint8Array): void {
    const { recordsMin = CHECKPOINT_RECORDS_MIN, run } = this.#parts
    if (this.#writing !== undefined || mark.segment === this.#lastSegment) return
    if (mark.sequence - this.#lastSequence < recordsMin) return
    this.#lastSegment = mark.segment
    const state = encode()
    if (state.length > CHECKPOINT_BYTES_MAX) {
      this.#tell('failed', mark, state.length, 'it is too large to be read again')
      return
    }
    const bytes = encodeCheckpoint(mark, run, VERSION, state)
    this.#writing = this.#write(mark, bytes).finally(() => {
      this.#writing = undefined
    })
  }

  /** Resolves when none is being written. */
  async idle(): Promise<void> {
    await this.#writing
  }

  async #write(mark: RecordMark, bytes: Buffer): Promise<void> {
    const { folder, storage } = this.#parts
    const path = checkpointFile(folder, mark.segment)
    try {
      if (listCheckpoints(folder, storage).includes(mark.segment)) storage.remove(path)
      storage.create(path, bytes.subarray(0, SEGMENT_HEADER_BYTES))
      const file = await storage.open(path)
      await writeAll(file, bytes).finally(() => file.close())
      this.#lastSequence = mark.sequence
      // The older one is the way back should this one turn out to be damaged.
      for (const old of listCheckpoints(folder, storage).slice(0, -CHECKPOINTS_KEPT)) {
        storage.remove(checkpointFile(folder, old))
      }
      this.#tell('written', mark, bytes.length, '')
    } catch (error) {
      this.#tell('failed', mark, bytes.length, messageOf(error))
    }
  }

  #tell(
    event: CheckpointEvent['event'],
    { sequence }: RecordMark,
    bytes: number,
    message: string,
  ): void {
    this.#parts.onEvent({ event, sequence, bytes, message })
  }
}

async function writeAll(file: RecordOutput, bytes: Buffer): Promise<void> {
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length; ) {
    const written = await file.write(bytes, at, bytes.length - at, at)
    assert(written > 0, 'a write to a file writes something or fails')
    at += written
  }
  await file.sync()
}
