import { expect } from 'vitest'
import type { ExecutionOptions } from '../../src/execution/options.ts'
import { FakeExchange } from './fake-exchange.ts'
import { Rig, type RigOptions } from './rig.ts'

export type AtExchange = Readonly<{ rig: Rig; exchange: FakeExchange }>

/** An actor on an exchange made by hand, after its account was found to agree. */
export async function atExchange(
  options: Partial<ExecutionOptions> = {},
  rigOptions: Omit<RigOptions, 'options' | 'gateway'> = {},
  exchange = new FakeExchange(),
): Promise<AtExchange> {
  const rig = new Rig({ ...rigOptions, options, gateway: () => exchange })
  expect((await rig.start()).ok).toBe(true)
  rig.quote(0, 10_000)
  exchange.link(true, rig.clock.nowUs())
  await rig.pass(3000, 50)
  return { rig, exchange }
}
