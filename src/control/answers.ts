import type { FastifyReply } from 'fastify'
import type { Failure } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'

/** HTTP status of a refusal; one that is not listed is the caller's fault (400). */
const STATUS: Partial<Readonly<Record<ResultCode, number>>> = {
  unauthorized: 401,
  not_found: 404,
  instrument_unknown: 404,
  idempotency_key_missing: 400,
  idempotency_key_reused: 409,
  kill_latch: 409,
  daily_loss: 409,
  flattening: 409,
  command_queue_full: 503,
  journal_unavailable: 503,
  internal_error: 500,
}

export function statusOf(code: ResultCode): number {
  return STATUS[code] ?? 400
}

export function refuse(reply: FastifyReply, failure: Failure<ResultCode>): FastifyReply {
  const { code, message } = failure
  return reply.code(statusOf(code)).send({ code, message })
}
