import type { PlantedBug } from './planted-bugs.ts'

/**
 * What a history talks to its exchange by. `port`: a stand-in right at the port of the actor, which
 * is quick; `bybit`: the gateway to Bybit itself, over simulated requests and sockets.
 */
export type SimulatedGateway = 'port' | 'bybit'

export const GATEWAY_CHOICES = ['both', 'port', 'bybit'] as const
export type GatewayChoice = (typeof GATEWAY_CHOICES)[number]

/** Of both, one history of so many is by the gateway to Bybit, as it takes five times as long. */
const BYBIT_OF = 4

export function gatewayAt(choice: GatewayChoice, seed: number): SimulatedGateway {
  if (choice !== 'both') return choice
  return seed % BYBIT_OF === 0 ? 'bybit' : 'port'
}

/** Into which of them a mistake is put. */
export function gatewayOf(bug: PlantedBug): SimulatedGateway {
  return bug.startsWith('wire_') ? 'bybit' : 'port'
}
