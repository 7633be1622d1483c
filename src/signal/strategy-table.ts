import { fail, type Result, succeed } from '../core/result.ts'
import { createScalper } from './scalper.ts'
import { readScalperParameters } from './scalper-parameters.ts'
import type { Strategy } from './strategy.ts'

/** One entry of `strategies` in the configuration. */
export type StrategyChoice = Readonly<{
  name: string
  kind: string
  enabled: boolean
  params: Readonly<Record<string, unknown>>
}>

/** A strategy and its position in the configured list, which intents carry. */
export type PlacedStrategy = Readonly<{ index: number; name: string; strategy: Strategy }>

type Make = (
  params: Readonly<Record<string, unknown>>,
  featureNames: readonly string[],
) => Result<Strategy, StrategyCode>
type StrategyCode = 'config_invalid' | 'config_unknown_key'

const KINDS: ReadonlyMap<string, Make> = new Map([['order_book_scalper', makeScalper]])

/** The enabled strategies of the configuration. Refusals name the strategy, the key and the fix. */
export function createStrategies(
  choices: readonly StrategyChoice[],
  featureNames: readonly string[],
): Result<readonly PlacedStrategy[], StrategyCode> {
  const placed: PlacedStrategy[] = []
  for (const [index, choice] of choices.entries()) {
    const make = KINDS.get(choice.kind)
    if (make === undefined) {
      const known = [...KINDS.keys()].join(', ')
      return fail(
        'config_invalid',
        `strategies[${index}].kind: ${choice.kind} is not a strategy; known are ${known}`,
      )
    }
    const made = make(choice.params, featureNames)
    if (!made.ok) return fail(made.code, `strategies[${index}].params.${made.message}`)
    if (choice.enabled) placed.push({ index, name: choice.name, strategy: made.value })
  }
  return succeed(placed)
}

function makeScalper(
  params: Readonly<Record<string, unknown>>,
  featureNames: readonly string[],
): Result<Strategy, StrategyCode> {
  const parameters = readScalperParameters(params)
  return parameters.ok ? createScalper(parameters.value, featureNames) : parameters
}
