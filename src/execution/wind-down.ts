import { WIND_DOWN_ACCOUNT_MS_MAX, WIND_DOWN_MS_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { ExecutionActor } from './actor.ts'
import type { ExecutionState } from './execution-state.ts'
import type { Ledger } from './ledger.ts'

/**
 * An end in order: no more intents, and turns until the orders have come to their end or their bound
 * is over, which is longer where an exchange may take its time to answer; then the journal is
 * closed. What is left open is named. `rest`: until the next turn. False: the journal had failed.
 */
export async function endInOrder(
  actor: ExecutionActor,
  hasAccount: boolean,
  clock: Clock,
  rest: () => Promise<void>,
): Promise<boolean> {
  const boundMs = hasAccount ? WIND_DOWN_ACCOUNT_MS_MAX : WIND_DOWN_MS_MAX
  const endUs = clock.nowUs() + boundMs * 1000
  actor.windDown()
  do {
    await actor.turn()
    await rest()
  } while (!actor.isWoundDown && clock.nowUs() < endUs)
  return actor.stop()
}

/** What an end in order waits for: all that it cancels, or those of which nobody knows. */
export function unsettledOrders({ unfinished }: ExecutionState, isKept: boolean): string[] {
  return [...unfinished.values()]
    .filter(({ state }) => !(isKept && state === 'open'))
    .map(({ terms }) => terms.order_link_id)
}

/** A person is told of what the end came too early for. */
export function tellLeft(ledger: Ledger, orders: readonly string[], mustBeFlat: boolean): void {
  if (orders.length > 0) {
    ledger.counters.add('orders_left', orders.length)
    const line = { order_link_ids: orders }
    ledger.log.error(line, 'STOPPED WITH ORDERS that may be open at the exchange')
  }
  if (!mustBeFlat || ledger.state.isFlat) return
  ledger.log.error('STOPPED BEFORE ALL WAS CLOSED: the next start goes on closing')
}
