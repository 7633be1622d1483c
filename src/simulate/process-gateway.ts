import type { ResultCode } from '../domain/result-codes.ts'
import type { ExecutionState } from '../execution/execution-state.ts'
import { askKey, fetchEquity } from '../execution/gateway/bybit/start-checks.ts'
import type { Gateway } from '../execution/gateway/gateway.ts'
import type { RiskGuards } from '../execution/risk-guards.ts'
import type { Life } from './life.ts'
import { PlantedGateway } from './planted-gateway.ts'
import { SimGateway } from './sim-gateway.ts'
import type { World } from './world.ts'

export type ProcessGateway = Readonly<{
  gateway: Gateway
  guards: Partial<RiskGuards>
  /** Why it may not be used; undefined when it may. */
  check: (isFirst: boolean) => Promise<ResultCode | undefined>
  /** Opens its connections: the actor is ready to hear. */
  connect: () => void
  close: () => void
}>

/** The way of one simulated process to the exchange. */
export function openProcessGateway(
  world: World,
  life: Life,
  state: ExecutionState,
  wake: () => void,
): ProcessGateway {
  const { bugs, bybit, clock, exchange, faults, monitor, network } = world
  if (bybit === undefined) {
    const inner = new SimGateway({ life, network, exchange, faults, monitor })
    const gateway = bugs.size === 0 ? inner : new PlantedGateway(inner, bugs, state)
    const connect = () => inner.connect(wake)
    return { gateway, guards: {}, check: async () => undefined, connect, close: () => {} }
  }
  const { inner, timers, watched } = bybit.open({ life, clock, state, wake })
  return {
    gateway: watched,
    guards: {
      clockOffsetMs: () => inner.exchangeClock.offsetMs,
      hasInstanceLock: () => inner.isAlone,
    },
    check: async (isFirst) => {
      const allowed = await askKey(inner, timers)
      if (!allowed.ok) return allowed.code
      const equity = isFirst ? await fetchEquity(inner, clock, timers) : allowed
      return equity.ok ? undefined : equity.code
    },
    connect: () => inner.start(),
    close: () => inner.close(),
  }
}
