import { describe, expect, it } from 'vitest'
import { EXITS_OFF } from '../../src/execution/exits/exit-options.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { ExecutionSection } from './execution-section.ts'

const section = new ExecutionSection('exits')

function complaint(execution: string): string {
  const loaded = section.load(execution)
  return loaded.ok ? 'accepted' : loaded.message
}

describe('exits in the configuration', () => {
  it('are off, and entries and the paper exchange as the tests have them, without a word', () => {
    const given = section.options('{}')
    const { entryOrderType, entryTimeInForce, paper, requote, restMsMax } =
      DEFAULT_EXECUTION_OPTIONS
    // A live position that nobody guards is closed; a simulated one is told of.
    const held = { ...EXITS_OFF.held, onUnguarded: 'flatten' }
    expect(given.exits).toEqual({ ...EXITS_OFF, held })
    expect(given).toMatchObject({ entryOrderType, entryTimeInForce, paper, requote, restMsMax })
  })

  it('let orders that rest be requoted, and no others', () => {
    const { requote } = section.options(
      '{entry: {time_in_force: post_only, requote: {away_ticks: 3, amends_max: 2}}}',
    )
    expect(requote).toEqual({ awayTicks: 3, amendsMax: 2 })
  })

  it('have the distances and steps of the catalogue when they are switched on', () => {
    const { exits } = section.options(
      '{exits: {trailing_stop: {enabled: true}, trailing_take_profit: {enabled: true}, ' +
        'reversal: {enabled: true}, stop_loss_percent: 2, partials: [{at_percent: 1, share: 0.5}]}}',
    )
    expect(exits).toMatchObject({
      stopLossPercent: 2,
      takeProfitPercent: Number.POSITIVE_INFINITY,
      partials: [{ atPercent: 1, share: 0.5 }],
      trailingStop: {
        activationPercent: 2,
        distances: [
          { fromPercent: 2, distancePercent: 1 },
          { fromPercent: 5, distancePercent: 1.5 },
          { fromPercent: 10, distancePercent: 2 },
        ],
      },
      trailingTakeProfit: { activationPercent: 1, stepPercent: 0.5, acceleration: 1.5 },
      bookTrail: undefined,
      reversal: { indicatorsMin: 3, cooldownMs: 60_000, changeMin: 0.002 },
    })
  })

  it.each([
    ['{entry: {order_type: market, time_in_force: gtc}}', 'use ioc or fok'],
    ['{entry: {requote: {away_ticks: 3}}}', 'only orders that rest'],
    ['{exits: {partials: [{at_percent: 1, share: 0.7}, {at_percent: 2, share: 0.4}]}}', '1.1'],
    [
      '{exits: {trailing_stop: {distances: [{from_percent: 2, distance_percent: 1}, ' +
        '{from_percent: 2, distance_percent: 2}]}}}',
      'must ascend',
    ],
    ['{exits: {trailing_stop: {activation_percent: 1}}}', 'which is 1'],
    ['{exits: {stop_loss_percent: 0}}', 'write off'],
    ['{paper: {queue: some}}', 'queue'],
  ])('%s is refused with what to do', (execution, words) => {
    expect(complaint(execution)).toContain(words)
  })
})
