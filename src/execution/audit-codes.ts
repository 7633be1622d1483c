import { isResultCode, RESULT_CODES } from '../domain/result-codes.ts'
import { INTENT_REASONS } from '../memory/intent-record.ts'

/** Words of the journal as the numbers of the audit ring. */
export function intentReasonCode(reason: string): number {
  const reasons: readonly string[] = INTENT_REASONS
  return reasons.indexOf(reason)
}

/** NaN for a word that is no result code. */
export function resultCodeOf(reason: string): number {
  return isResultCode(reason) ? RESULT_CODES[reason] : Number.NaN
}
