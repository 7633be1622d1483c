import { marginRates, walletFields } from './account-views.ts'
import type { OrderDesk } from './order-desk.ts'
import { type Body, textOf } from './order-request.ts'
import { coinInfo, keyInfo, setLeverage, setTradingStop } from './position-settings.ts'
import { type Answer, accepted, type PrivateCall, type PrivateState } from './private-call.ts'
import {
  executionList,
  openOrders,
  orderHistory,
  positionList,
  transactionLog,
} from './private-lists.ts'
import { isOpen, type PrivateOrder } from './private-order.ts'
import { isRefusal, type Refusal, refused } from './private-refusal.ts'
import type { RequestGroup } from './rate-limits.ts'

/**
 * The private endpoints as functions from a call to an answer. Signatures, limits and the way the
 * answer travels are others' business: REST and the order entry over WebSocket share these.
 */
export type PrivateEndpoint = Readonly<{
  method: 'GET' | 'POST'
  group: RequestGroup
  /** Needs a key that may trade. */
  isTrade: boolean
  /** Units of the limit that a call takes. */
  units?: (body: Body) => number
  run: (state: PrivateState, call: PrivateCall) => Answer
}>

const BATCH_MAX = 20
const CATEGORIES = ['linear', 'spot', 'inverse', 'option']

/** Only perpetuals are traded here; the lists of other categories are empty. */
function listed(
  group: RequestGroup,
  run: (state: PrivateState, call: PrivateCall) => Answer,
): PrivateEndpoint {
  return {
    ...{ method: 'GET', group, isTrade: false },
    run: (state, call) => {
      const category = call.query.get('category') ?? ''
      if (!CATEGORIES.includes(category)) return refused('parameters', 'category invalid')
      if (category === 'linear') return run(state, call)
      return accepted({ category, nextPageCursor: '', list: [] })
    },
  }
}

function look(
  group: RequestGroup,
  run: (state: PrivateState, call: PrivateCall) => Answer,
): PrivateEndpoint {
  return { method: 'GET', group, isTrade: false, run }
}

/** A change, of linear instruments only. */
function change(
  group: RequestGroup,
  run: (state: PrivateState, call: PrivateCall) => Answer,
): PrivateEndpoint {
  return {
    ...{ method: 'POST', group, isTrade: true },
    run: (state, call) =>
      call.body.category === 'linear'
        ? run(state, call)
        : refused('parameters', 'category invalid: only linear is traded here'),
  }
}

type OrderAction = (desk: OrderDesk, body: Body) => PrivateOrder | Refusal

function single(group: RequestGroup, act: OrderAction): PrivateEndpoint {
  return change(group, ({ desk }, { body }) => {
    const order = act(desk, body)
    return isRefusal(order) ? order : accepted(idsOf(order))
  })
}

function batch(group: RequestGroup, act: OrderAction): PrivateEndpoint {
  const endpoint = change(group, ({ desk }, { body }) => {
    const requests = Array.isArray(body.request) ? body.request : []
    if (requests.length === 0 || requests.length > BATCH_MAX) {
      return refused('parameters', `request has from 1 to ${BATCH_MAX} items`)
    }
    const list = []
    const results = []
    for (const item of requests) {
      const isObject = typeof item === 'object' && item !== null
      const order = isObject ? act(desk, item) : refused('parameters', 'request invalid')
      const symbol = isObject ? textOf(item, 'symbol') : ''
      const linkId = isObject ? textOf(item, 'orderLinkId') : ''
      if (isRefusal(order)) {
        const empty = { orderId: '', orderLinkId: linkId ?? '', createAt: '' }
        list.push({ category: 'linear', symbol: symbol ?? '', ...empty })
        results.push({ code: order.retCode, msg: order.retMsg })
      } else {
        const createAt = group === 'create_batch' ? { createAt: String(order.createdMs) } : {}
        list.push({ category: 'linear', symbol, ...idsOf(order), ...createAt })
        results.push({ code: 0, msg: 'OK' })
      }
    }
    return accepted({ list }, { list: results })
  })
  const units = (body: Body) => (Array.isArray(body.request) ? body.request.length : 1)
  return { ...endpoint, units: (body) => Math.min(BATCH_MAX, Math.max(1, units(body))) }
}

function idsOf({ orderId, orderLinkId }: PrivateOrder) {
  return { orderId, orderLinkId }
}

const place: OrderAction = (desk, body) => desk.place(body)
const amend: OrderAction = (desk, body) => desk.amend(body)
const cancel: OrderAction = (desk, body) => desk.cancel(body)

export const PRIVATE_ENDPOINTS: ReadonlyMap<string, PrivateEndpoint> = new Map([
  ['/v5/order/create', single('create', place)],
  ['/v5/order/pre-check', change('account', preCheck)],
  ['/v5/order/amend', single('amend', amend)],
  ['/v5/order/cancel', single('cancel', cancel)],
  ['/v5/order/create-batch', batch('create_batch', place)],
  ['/v5/order/amend-batch', batch('amend_batch', amend)],
  ['/v5/order/cancel-batch', batch('cancel_batch', cancel)],
  ['/v5/order/cancel-all', change('cancel_all', cancelAll)],
  ['/v5/order/realtime', listed('realtime', openOrders)],
  ['/v5/order/history', listed('history', orderHistory)],
  ['/v5/execution/list', listed('executions', executionList)],
  ['/v5/position/list', listed('positions', positionList)],
  ['/v5/position/set-leverage', change('leverage', setLeverage)],
  ['/v5/position/trading-stop', change('trading_stop', setTradingStop)],
  ['/v5/position/switch-mode', change('leverage', switchMode)],
  ['/v5/position/switch-isolated', change('leverage', () => refused('isolated_forbidden'))],
  ['/v5/account/wallet-balance', look('wallet', wallet)],
  ['/v5/account/transaction-log', look('wallet', transactionLog)],
  ['/v5/account/info', look('account', accountInfo)],
  ['/v5/account/fee-rate', look('account', feeRate)],
  ['/v5/account/query-dcp-info', look('query_dcp', dcpInfo)],
  ['/v5/user/query-api', look('account', (_state, call) => accepted(keyInfo(call)))],
  ['/v5/asset/coin/query-info', look('account', () => accepted(coinInfo()))],
  ['/v5/order/disconnected-cancel-all', disconnectEndpoint()],
])

function cancelAll({ desk }: PrivateState, { body }: PrivateCall): Answer {
  const text = (name: string) => textOf(body, name) ?? ''
  const [symbol, baseCoin, settleCoin] = [text('symbol'), text('baseCoin'), text('settleCoin')]
  if (symbol + baseCoin + settleCoin === '') {
    return refused('parameters', 'symbol, baseCoin or settleCoin is required')
  }
  const filter = text('orderFilter')
  const list = desk
    .cancelAll((order) => {
      const { instrument } = order.market
      const isConditional = order.status === 'Untriggered'
      if (filter === 'Order' && isConditional) return false
      if (filter === 'StopOrder' && !isConditional) return false
      if (symbol !== '') return instrument.symbol === symbol && isOpen(order)
      return baseCoin !== '' ? instrument.baseCoin === baseCoin : settleCoin === 'USDT'
    })
    .map(idsOf)
  return accepted({ list, success: '1' })
}

/** The margin of an order that is not placed. */
function preCheck({ account, desk }: PrivateState, { body }: PrivateCall): Answer {
  const rehearsal = desk.rehearse(body)
  if (isRefusal(rehearsal)) return rehearsal
  const { orderLinkId } = rehearsal
  return accepted({ orderId: account.newId(), orderLinkId, ...marginRates(account, rehearsal) })
}

function switchMode(_state: PrivateState, { body }: PrivateCall): Answer {
  if (body.mode === 0 || body.mode === '0') return refused('mode_same')
  return refused('parameters', 'only one-way mode is known here')
}

function wallet({ account }: PrivateState, { query }: PrivateCall): Answer {
  if (query.get('accountType') !== 'UNIFIED') {
    return refused('parameters', 'accountType only support UNIFIED')
  }
  return accepted({ list: [walletFields(account)] })
}

function accountInfo({ guard }: PrivateState, { nowMs }: PrivateCall): Answer {
  return accepted({
    marginMode: 'REGULAR_MARGIN',
    updatedTime: String(nowMs),
    unifiedMarginStatus: 6,
    dcpStatus: 'ON',
    timeWindow: guard.windowSeconds,
    smpGroup: 0,
    isMasterTrader: false,
    spotHedgingStatus: 'OFF',
  })
}

function feeRate({ account, marketOf, symbols }: PrivateState, { query }: PrivateCall): Answer {
  const symbol = query.get('symbol') ?? ''
  if (query.get('category') !== 'linear') return accepted({ list: [] })
  if (symbol !== '' && marketOf(symbol) === undefined) {
    return refused('parameters', 'symbol invalid')
  }
  const { makerFeePpm, takerFeePpm } = account.options
  const [makerFeeRate, takerFeeRate] = [String(makerFeePpm / 1e6), String(takerFeePpm / 1e6)]
  const row = (name: string) => ({ symbol: name, baseCoin: '', takerFeeRate, makerFeeRate })
  return accepted({ list: (symbol === '' ? symbols : [symbol]).map(row) })
}

function dcpInfo({ guard }: PrivateState): Answer {
  const timeWindow = String(guard.windowSeconds)
  const row = { product: 'DERIVATIVES', dcpStatus: 'ON', timeWindow }
  return accepted({ dcpInfos: [row] })
}

/** Seconds from 3 to 300; for options and spot it is taken and means nothing here. */
function disconnectEndpoint(): PrivateEndpoint {
  const run = ({ guard }: PrivateState, { body, nowMs }: PrivateCall): Answer => {
    const seconds = Number(body.timeWindow)
    if (!Number.isInteger(seconds) || seconds < 3 || seconds > 300) {
      return refused('parameters', 'timeWindow is from 3 to 300')
    }
    if (body.product === 'DERIVATIVES') guard.setWindow(seconds * 1000, nowMs)
    return { retCode: 0, retMsg: 'success' }
  }
  return { method: 'POST', group: 'set_dcp', isTrade: true, run }
}
