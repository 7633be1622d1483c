import { scanRecords } from '../../core/record-file.ts'
import { fileStorage } from '../../core/record-storage.ts'
import { fail } from '../../core/result.ts'
import { JOURNAL_NAME } from '../../domain/journal.ts'
import { decodeJournalRecord } from '../../domain/journal-codec.ts'
import { ExecutionState } from '../execution-state.ts'
import { journaledSteps } from '../journaled-steps.ts'
import { restoreState } from '../saved-state.ts'
import { listCheckpoints, readCheckpoint } from './checkpoint-file.ts'
import { journalFolder } from './journal.ts'

/**
 * `instrumentKey` of what the last run left open, read beside whoever owns the journal: to be known
 * before the symbols are chosen. A journal that cannot be read says so when it is opened; here it
 * tells what it can.
 */
export function readOpenKeys(dataFolder: string): ReadonlySet<string> {
  const folder = journalFolder(dataFolder)
  const place = { folder, name: JOURNAL_NAME }
  const { mark, state } = restoreNewest(folder)
  scanRecords<string>(
    place,
    (stored) => {
      const record = decodeJournalRecord(stored.payload)
      const applied = record.ok ? state.apply(record.value) : record
      return applied.ok ? undefined : fail('journal_corrupt', applied.message)
    },
    fileStorage,
    mark,
  )
  return journaledSteps(state).openKeys()
}

function restoreNewest(folder: string) {
  for (const segment of listCheckpoints(folder, fileStorage).toReversed()) {
    const state = new ExecutionState()
    const read = readCheckpoint(folder, segment, undefined, fileStorage)
    if (read.ok && restoreState(read.value.state, state) === undefined) {
      return { mark: read.value.mark, state }
    }
  }
  return { mark: undefined, state: new ExecutionState() }
}
