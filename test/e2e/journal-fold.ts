import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { scanRecords } from '../../src/core/record-file.ts'

type JournalObject = Record<string, unknown>

/**
 * Every record that is whole; an engine may be writing or may have been killed in the middle of
 * one.
 */
export function readJournal(data: string): JournalObject[] {
  const folder = join(data, 'journal')
  const records: JournalObject[] = []
  if (!existsSync(folder)) return records
  const scanned = scanRecords({ folder, name: 'journal' }, (record) => {
    records.push(JSON.parse(new TextDecoder().decode(record.payload)))
    return undefined
  })
  if (!scanned.ok) throw new Error(scanned.message)
  return records
}

export type Folded = Readonly<{
  /** Signed size in base currency by symbol, flat ones left out. */
  positions: Record<string, number>
  submitted: Set<string>
  submittedTwice: string[]
  filledTwice: string[]
  /** Submitted and in no final state. */
  unfinished: string[]
}>

const FINAL = ['rejected', 'filled', 'canceled', 'expired', 'denied']

/**
 * Positions and orders by adding up what the journal says, knowing nothing of how the actor does
 * it.
 */
export function foldJournal(records: readonly JournalObject[]): Folded {
  const lots = new Map<string, number>()
  const lotSize = new Map<string, number>()
  const execs = new Set<string>()
  const states = new Map<string, string>()
  const submitted = new Set<string>()
  const submittedTwice: string[] = []
  const filledTwice: string[] = []
  for (const record of records) {
    if (record.type === 'run_started' && Array.isArray(record.instruments)) {
      for (const { symbol, lot } of record.instruments) lotSize.set(symbol, Number(lot))
    } else if (record.type === 'order_state') {
      const id = String(record.order_link_id)
      states.set(id, String(record.to))
      if (record.event !== 'submit') continue
      if (submitted.has(id)) submittedTwice.push(id)
      submitted.add(id)
    } else if (record.type === 'fill') {
      const id = String(record.exec_id)
      if (execs.has(id)) filledTwice.push(id)
      execs.add(id)
      const sign = record.side === 'buy' ? 1 : -1
      const symbol = String(record.symbol)
      lots.set(symbol, (lots.get(symbol) ?? 0) + sign * Number(record.lots))
    }
  }
  const open = [...lots].filter(([, count]) => count !== 0)
  const sized = open.map(([symbol, count]) => {
    const size = count * (lotSize.get(symbol) ?? Number.NaN)
    return [symbol, Number(size.toPrecision(12))] as const
  })
  return {
    positions: Object.fromEntries(sized),
    submitted,
    submittedTwice,
    filledTwice,
    unfinished: [...submitted].filter((id) => !FINAL.includes(states.get(id) ?? '')),
  }
}
