import { type Static, Type } from '@sinclair/typebox'
import { shape, text } from './schemas.ts'

/** What the API says of strategies. */
export const StrategySchema = shape({
  strategy: text('name in the configuration'),
  kind: text('of the configuration'),
  enabled: Type.Boolean({ description: 'by the configuration; false: asks for nothing' }),
  is_stopped: Type.Boolean({
    description: 'by a person, over restarts too: opens nothing until it is started; exits go on',
  }),
})

export type StrategyAnswer = Static<typeof StrategySchema>
