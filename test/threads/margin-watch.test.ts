import { expect, it } from 'vitest'
import type { BalanceReply } from '../../src/execution/gateway/gateway.ts'
import { MarginWatch } from '../../src/threads/margin-watch.ts'
import { FakeExchange } from '../execution/fake-exchange.ts'
import { startRig } from '../execution/rig.ts'

const MARGIN = { positionsQuote: 1, ordersQuote: 2, maintenanceQuote: 3, freeQuote: 4 }

it('asks every ten seconds; the margin is forgotten without an answer, the equity is not', async () => {
  const exchange = new FakeExchange()
  const rig = await startRig()
  const { report } = rig.actor
  const told = { equityQuote: 90_000, walletQuote: 1, availableQuote: 1, margin: MARGIN }
  let reply: BalanceReply = { kind: 'balance', balance: told }
  let asked = 0
  exchange.account.balance = () => {
    asked++
    return Promise.resolve(reply)
  }
  const watch = new MarginWatch(exchange.account, report)
  watch.look(0)
  watch.look(9_999_999)
  await Promise.resolve()
  expect(asked).toBe(1)
  expect(report.figures().margin).toMatchObject({ freeQuote: 4, isExchange: true })
  expect(rig.actor.exposures.gapQuote).toBe(10_000)
  reply = { kind: 'unknown', message: 'no answer' }
  watch.look(10_000_000)
  await Promise.resolve()
  expect(asked).toBe(2)
  expect(report.figures().margin.isExchange).toBe(false)
  expect(rig.actor.exposures.gapQuote).toBe(10_000)
})
