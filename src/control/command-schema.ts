import { type Static, Type } from '@sinclair/typebox'
import { COMMAND_REASON_SLOTS, COMMAND_WHO_SLOTS, COMMANDS } from '../memory/command-record.ts'
import { textBytesMax } from '../memory/text-slots.ts'
import { count, orNull, shape, tradingState, words } from './schemas.ts'

/** What the commands of the control API take and answer. */
const SYMBOL_PATTERN = '^[A-Z0-9]{2,30}$'

const ask = {
  who: Type.Optional(
    Type.String({
      maxLength: textBytesMax(COMMAND_WHO_SLOTS),
      description: 'who asks; on record',
    }),
  ),
  reason: Type.Optional(
    Type.String({ maxLength: textBytesMax(COMMAND_REASON_SLOTS), description: 'why; on record' }),
  ),
}

export const CommandBody = Type.Union([
  shape({
    symbol: Type.Optional(
      Type.String({ pattern: SYMBOL_PATTERN, description: 'only this one; without it, all' }),
    ),
    ...ask,
  }),
  Type.Null(),
])

const level = (description: string) =>
  Type.Optional(
    Type.Unsafe<string | null>({
      type: ['string', 'null'],
      pattern: '^[0-9]{1,15}(\\.[0-9]{1,15})?$',
      description,
      examples: ['64250.10'],
    }),
  )

export const LevelsBody = shape({
  symbol: Type.String({ pattern: SYMBOL_PATTERN, description: 'of the open position' }),
  stop: level('price of the stop; null: none of its own; left out: as it is'),
  target: level('price of the target; null: none of its own; left out: as it is'),
  trailing: Type.Optional(
    Type.Boolean({ description: 'whether trails may tighten the stop; left out: as it is' }),
  ),
  ...ask,
})

const orderLinkId = Type.String({
  pattern: '^bf-[0-9a-z]{1,11}-[0-9a-z]{1,11}$',
  description: 'of an order of ours, as /api/v1/orders has it',
})

const decimal = (description: string) =>
  Type.Optional(
    Type.String({ pattern: '^[0-9]{1,15}(\\.[0-9]{1,15})?$', description, examples: ['64250.10'] }),
  )

export const AmendOrderBody = shape({
  order_link_id: orderLinkId,
  price: decimal('left out: as it is'),
  size: decimal('the whole size, what is filled included; left out: as it is'),
  ...ask,
})

export const CancelOrderBody = shape({ order_link_id: orderLinkId, ...ask })

export const StrategyBody = shape({
  strategy: Type.String({
    pattern: '^[a-z][a-z0-9_-]{0,31}$',
    description: 'name in the configuration, as /api/v1/strategies has it',
  }),
  ...ask,
})

export const CommandAnswerSchema = shape({
  number: count('of the command; the audit record that answers it carries it'),
  command: words(COMMANDS, 'what was asked for'),
  symbol: orNull.text('null: all, or one order'),
  order_link_id: Type.Optional(Type.String({ description: 'of a command about one order' })),
  strategy: Type.Optional(Type.String({ description: 'of a command about one strategy' })),
  trading_state: tradingState,
})

export type CommandAnswer = Static<typeof CommandAnswerSchema>
