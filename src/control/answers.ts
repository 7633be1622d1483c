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
  order_not_amendable: 409,
  amends_limit: 409,
  halted: 409,
  reduce_only: 409,
  recovering: 409,
  risk_off: 409,
  strategy_stopped: 409,
  breaker_open: 409,
  order_rate: 409,
  // the terms themselves are what the gate refuses
  amend_unchanged: 422,
  order_too_small: 422,
  order_too_large: 422,
  notional_limit: 422,
  position_limit: 422,
  total_exposure_limit: 422,
  leverage_limit: 422,
  price_band: 422,
  slippage_cap: 422,
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
