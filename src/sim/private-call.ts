import type { Account } from './account.ts'
import type { DisconnectGuard } from './disconnect-guard.ts'
import type { OrderDesk } from './order-desk.ts'
import type { Body } from './order-request.ts'
import type { OrderTriggers } from './order-triggers.ts'
import type { ApiKey } from './signature.ts'
import type { SymbolMarket } from './symbol-market.ts'

/** What a private endpoint works on, is asked, and answers. */
export type PrivateState = Readonly<{
  account: Account
  desk: OrderDesk
  triggers: OrderTriggers
  guard: DisconnectGuard
  marketOf: (symbol: string) => SymbolMarket | undefined
  /** All that are traded here. */
  symbols: readonly string[]
  /** How far the order history is behind. */
  historyLagMs: () => number
}>

export type PrivateCall = Readonly<{
  key: ApiKey
  body: Body
  query: URLSearchParams
  nowMs: number
}>

export type Answer = Readonly<{
  retCode: number
  retMsg: string
  result?: unknown
  retExtInfo?: unknown
}>

export function accepted(result: unknown, retExtInfo: unknown = {}): Answer {
  return { retCode: 0, retMsg: 'OK', result, retExtInfo }
}
