import type { AccountActions } from './account-actions.ts'
import type { Gateway, RemoteExecution, RemoteOrder, RemotePosition } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'
import { checkFills, checkHoldings, checkOrders } from './reconcile/account-state.ts'

/**
 * What the exchange says it has, for a kill: undefined where a call failed, which is never "none".
 * One call that fails does not keep the others from being made.
 */
export type KillLook = Readonly<{
  /** When it began; what moved later may be missing in it. */
  sinceUs: number
  fillsBefore: number
  executions: readonly RemoteExecution[] | undefined
  orders: readonly RemoteOrder[] | undefined
  /** Undefined also where the exchange has no account: ours is the record then. */
  positions: readonly RemotePosition[] | undefined
  callsFailed: number
}>

/** How far back executions are asked for while a kill is under way. */
const WINDOW_US = 3_600_000_000
/** What moved later than this before the look is left alone. */
const QUIET_US = 1_000_000

/** Cancels everything at the exchange, then looks; link and breaker are not asked. */
export async function cancelAndLook(
  gateway: Gateway,
  ledger: Ledger,
  nowUs: number,
): Promise<KillLook> {
  const { account } = gateway
  const fillsBefore = ledger.state.fills
  let callsFailed = 0
  if (account !== undefined) {
    const canceled = await account.cancelAll(nowUs)
    if (canceled.kind !== 'accepted') callsFailed++
  }
  const executions = await account?.executions(nowUs - WINDOW_US, nowUs)
  const orders = await gateway.openOrders(nowUs)
  const positions = await account?.positions(nowUs)
  for (const reply of [executions, orders, positions]) if (reply?.kind === 'unknown') callsFailed++
  return {
    sinceUs: nowUs,
    fillsBefore,
    executions: executions?.kind === 'executions' ? executions.executions : undefined,
    orders: orders.kind === 'orders' ? orders.orders : undefined,
    positions: positions?.kind === 'positions' ? positions.positions : undefined,
    callsFailed,
  }
}

/**
 * Makes our record follow the look, so that what only the exchange knew is closed too. Executions
 * first: a position is taken over only when all of them are counted and it still differs.
 */
export function followLook(
  look: KillLook,
  ledger: Ledger,
  actions: AccountActions,
  nowUs: number,
): void {
  const { state } = ledger
  const quiet = { nowUs: look.sinceUs, quietUs: QUIET_US }
  if (look.executions !== undefined) {
    actions.take(false, checkFills(state, look.executions), false, nowUs)
  }
  if (look.orders !== undefined && look.executions !== undefined) {
    actions.take(false, checkOrders(state, look.orders, quiet), false, nowUs)
  }
  if (look.positions !== undefined && look.executions !== undefined) {
    actions.take(true, checkHoldings(state, look.positions, quiet), false, nowUs)
  }
}

export type Remainder = Readonly<{ orders: number; positions: number }>

/** What is still open by the look; undefined when it cannot tell. */
export function openAt(look: KillLook, hasAccount: boolean): Remainder | undefined {
  if (look.orders === undefined) return undefined
  if (hasAccount && look.positions === undefined) return undefined
  const held = (look.positions ?? []).filter(({ lots, sizeText }) =>
    lots === undefined ? Number(sizeText) !== 0 : lots !== 0,
  )
  return { orders: look.orders.length, positions: held.length }
}
