import type { CommandAnswer } from '../control/command-schema.ts'
import type { AnsweredBefore } from '../control/idempotency.ts'
import type { CommandObeyed } from '../domain/journal-stops.ts'
import { COMMANDS } from '../memory/command-record.ts'

/** The answers that the journal remembers, as the control API gave them. */
export function answeredBefore(
  records: readonly CommandObeyed[],
): readonly AnsweredBefore<CommandAnswer>[] {
  return records.flatMap((record) => {
    const { key_hash: keyHash, request_hash: requestHash, trading_state, time_us: timeUs } = record
    const command = COMMANDS.find((one) => one === record.command)
    if (keyHash === undefined || requestHash === undefined || command === undefined) return []
    if (trading_state === undefined) return []
    const { asked, number, order_link_id, symbol } = record
    const about = {
      ...(order_link_id === undefined ? {} : { order_link_id }),
      ...(asked?.strategy === undefined ? {} : { strategy: asked.strategy }),
    }
    const value = { number, command, symbol, ...about, trading_state }
    return [{ keyHash, requestHash, timeUs, value }]
  })
}
