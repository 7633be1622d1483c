import { ORDER_LINK_ID_CHARACTERS_MAX } from '../../constants.ts'
import { assert } from '../../core/assert.ts'

/**
 * The id we give an order before it is sent: `bf-RUN-NUMBER`, both in base 36. The run is persisted
 * before its first order, and the number counts the orders of the run, so no id is ever made twice
 * and each can be traced to its record.
 */
const PATTERN = /^bf-([1-9a-z][0-9a-z]{0,10})-([1-9a-z][0-9a-z]{0,10})$/
const CLOSE_PREFIX = 'bfk'
const EXEC_PATTERN = /^bfx-([1-9a-z][0-9a-z]{0,10})-([1-9a-z][0-9a-z]{0,10})$/

export type RunNumber = Readonly<{ run: number; number: number }>

export function formatOrderLinkId({ run, number }: RunNumber): string {
  assert(isCount(run) && isCount(number), 'runs and orders are counted from 1')
  const id = `bf-${run.toString(36)}-${number.toString(36)}`
  assert(id.length <= ORDER_LINK_ID_CHARACTERS_MAX, 'an orderLinkId fits its limit')
  return id
}

/**
 * The same for what a kill closes in instruments that are not configured: `bfk-RUN-NUMBER`. No order
 * of ours is looked for under it.
 */
export function formatCloseId({ run, number }: RunNumber): string {
  assert(isCount(run) && isCount(number), 'runs and closings are counted from 1')
  return `${CLOSE_PREFIX}-${run.toString(36)}-${number.toString(36)}`
}

/** Undefined when the id is not one of ours. */
export function parseOrderLinkId(id: string): RunNumber | undefined {
  return parse(PATTERN, id)
}

/** The same for the executions that the paper exchange makes. */
export function formatExecId({ run, number }: RunNumber): string {
  assert(isCount(run) && isCount(number), 'runs and executions are counted from 1')
  return `bfx-${run.toString(36)}-${number.toString(36)}`
}

export function parseExecId(id: string): RunNumber | undefined {
  return parse(EXEC_PATTERN, id)
}

function parse(pattern: RegExp, id: string): RunNumber | undefined {
  const match = pattern.exec(id)
  if (match === null) return undefined
  const run = Number.parseInt(match[1], 36)
  const number = Number.parseInt(match[2], 36)
  return isCount(run) && isCount(number) ? { run, number } : undefined
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}
