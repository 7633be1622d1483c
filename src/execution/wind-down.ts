import { WIND_DOWN_ACCOUNT_MS_MAX, WIND_DOWN_MS_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { ExecutionActor } from './actor.ts'

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
