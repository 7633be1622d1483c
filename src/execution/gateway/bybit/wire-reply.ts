import type { ResultCode } from '../../../domain/result-codes.ts'
import { NO_ANSWER, type Verdict, verdictOfCode, verdictOfStatus } from './verdicts.ts'
import { type Fields, fieldsIn, numberIn, textIn } from './wire-fields.ts'

/** How many calls of an endpoint are left, as its headers say. */
export type LimitHeaders = Readonly<{ remaining: number; resetMs: number }>

/** One call and what became of it. `not_sent` is certain; everything else that failed is not. */
export type WireReply = Readonly<{
  verdict: Verdict
  message: string
  result: Fields
  limit: LimitHeaders | undefined
  /** The exchange's own time of the answer; NaN: none, or not told. */
  timeMs: number
  isSent: boolean
}>

/** An envelope of REST or of order entry; undefined when it is none. */
export function readEnvelope(
  fields: Fields | undefined,
  resultName: 'result' | 'data',
  header: (name: string) => string,
): WireReply | undefined {
  if (fields === undefined) return undefined
  const retCode = numberIn(fields, 'retCode')
  if (!Number.isInteger(retCode)) return undefined
  const remaining = Number(header('X-Bapi-Limit-Status') || Number.NaN)
  const resetMs = Number(header('X-Bapi-Limit-Reset-Timestamp') || Number.NaN)
  return {
    verdict: verdictOfCode(retCode),
    message: retCode === 0 ? '' : `${retCode}: ${textIn(fields, 'retMsg')}`,
    result: fieldsIn(fields, resultName),
    limit: Number.isFinite(remaining) ? { remaining, resetMs } : undefined,
    timeMs: numberIn(fields, 'time'),
    isSent: true,
  }
}

export function noAnswer(message: string): WireReply {
  return unanswered(NO_ANSWER, message, true)
}

export function statusReply(status: number): WireReply {
  return unanswered(verdictOfStatus(status), `HTTP ${status}`, true)
}

export function notSent(code: ResultCode, message: string): WireReply {
  return unanswered({ class: 'definite', code, action: 'none' }, message, false)
}

/** It waited for its turn, and must not leave any more. */
export function withdrawn(code: ResultCode): WireReply {
  return notSent(code, 'withdrawn before its turn came')
}

function unanswered(verdict: Verdict, message: string, isSent: boolean): WireReply {
  return { verdict, message, result: {}, limit: undefined, timeMs: Number.NaN, isSent }
}
