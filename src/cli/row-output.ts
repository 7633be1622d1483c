import type { RowCopy } from '../memory/row-view.ts'
import type { OutputFile } from './output-file.ts'

/** Something that keeps feature rows, in the order in which they are given. */
export type RowOutput = {
  /** `symbol` is a position in the list of symbols; the row is not kept. */
  write(symbol: number, row: RowCopy): void
  /** What was written so far becomes complete; nothing may follow. */
  finish(): void
}

export type RowOutputOptions = Readonly<{
  file: OutputFile
  symbols: readonly string[]
  /** Positions in a row, and names, of the columns. */
  indexes: readonly number[]
  names: readonly string[]
}>

/** What every row says beside its features, in the order of the columns. */
export const HEAD_COLUMNS = ['u', 'cts', 'seq', 'tau'] as const
