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
    isSent: true,
  }
}

export function noAnswer(message: string): WireReply {
  return { verdict: NO_ANSWER, message, result: {}, limit: undefined, isSent: true }
}

export function statusReply(status: number): WireReply {
  const verdict = verdictOfStatus(status)
  return { verdict, message: `HTTP ${status}`, result: {}, limit: undefined, isSent: true }
}

export function notSent(code: ResultCode, message: string): WireReply {
  const verdict: Verdict = { class: 'definite', code, action: 'none' }
  return { verdict, message, result: {}, limit: undefined, isSent: false }
}
