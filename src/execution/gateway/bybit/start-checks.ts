import type { Clock } from '../../../core/clock.ts'
import { fail, type Result, succeed } from '../../../core/result.ts'
import { pause, type Timers } from '../../../core/timer.ts'
import type { ResultCode } from '../../../domain/result-codes.ts'
import type { BybitGateway } from './bybit-gateway.ts'

const START_ATTEMPTS_MAX = 5
const START_PAUSE_MS = 1000

/** At every start: rights may have been changed meanwhile. */
export async function askKey(
  gateway: Pick<BybitGateway, 'checkKey'>,
  timers: Timers,
): Promise<Result<void, ResultCode>> {
  for (let attempt = 1; ; attempt++) {
    const reply = await gateway.checkKey()
    if (reply.kind === 'accepted') return succeed(undefined)
    if (reply.kind === 'rejected') return fail(reply.code, reply.message)
    if (attempt === START_ATTEMPTS_MAX) {
      return fail('exchange_unreachable', `the rights of the key: ${reply.message}`)
    }
    await pause(timers, START_PAUSE_MS)
  }
}

/** Losses are parts of it, so a first start without it would measure them by a guess. */
export async function fetchEquity(
  gateway: Pick<BybitGateway, 'account'>,
  clock: Clock,
  timers: Timers,
): Promise<Result<number, ResultCode>> {
  for (let attempt = 1; ; attempt++) {
    const reply = await gateway.account.balance(clock.nowUs())
    if (reply.kind === 'balance') {
      const { equityQuote } = reply.balance
      if (equityQuote > 0) return succeed(equityQuote)
      return fail('insufficient_balance', 'the account of the key is empty')
    }
    if (attempt === START_ATTEMPTS_MAX) {
      return fail('exchange_unreachable', `the account's balance: ${reply.message}`)
    }
    await pause(timers, START_PAUSE_MS)
  }
}
