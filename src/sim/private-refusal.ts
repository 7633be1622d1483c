/** What the exchange says to a request that it does not carry out: its code and its words. */
export type Refusal = Readonly<{ retCode: number; retMsg: string }>

// biome-ignore format: a table
const REFUSALS = {
  parameters: [10001, 'params error'],
  timestamp: [10002, 'invalid request, please check your server timestamp or recv_window param'],
  key_invalid: [10003, 'API key is invalid.'],
  signature: [10004, 'Error sign, please check your signature generation algorithm.'],
  permission: [10005, 'Permission denied, please check your API key permissions.'],
  too_many_visits: [10006, 'Too many visits. Exceeded the API Rate Limit.'],
  server_error: [10016, 'Internal system error, please retry later.'],
  restarting: [10019, 'The trading service is restarting, please reconnect.'],
  session_rate: [20003, 'Too frequent requests under the same session'],
  request_id: [20006, 'reqId is duplicated'],
  authenticated: [20001, 'Repeat auth'],
  ip_rate: [10403, 'Exceed IP rate limit. 3000 requests per second per IP'],
  unknown_op: [10404, '1. op type is not found; 2. category is not correct/supported'],
  system_protection: [10429, 'System level frequency protection'],
  isolated_forbidden: [100028, 'The API cannot be accessed by unified account users.'],
  order_unknown: [110001, 'order not exists or too late to cancel'],
  price_range: [110003, 'Order price exceeds the allowable range.'],
  balance: [110007, 'ab not enough for new order'],
  order_done: [110008, 'The order has been completed or cancelled.'],
  stop_orders: [110009, 'The number of stop orders exceeds the maximum allowable limit.'],
  order_cancelled: [110010, 'The order has been cancelled.'],
  leverage_range: [110013, 'Cannot set leverage due to risk limit level.'],
  reduce_only: [110017, 'current position is zero, cannot fix reduce-only order qty'],
  open_orders: [110020, 'Not allowed to have more than 500 active orders'],
  mode_same: [110025, 'Position mode is not modified'],
  margin_mode_same: [110026, 'Cross/isolated margin mode is not modified'],
  leverage_same: [110043, 'leverage not modified'],
  link_id: [110072, 'OrderLinkedID is duplicate'],
  notional: [110094, 'Order does not meet minimum order value 5USDT'],
  no_change: [34040, 'not modified'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>

export type RefusalName = keyof typeof REFUSALS

/** The refusal of that name; `detail` is put behind its words. */
export function refused(name: RefusalName, detail = ''): Refusal {
  const [retCode, text] = REFUSALS[name]
  return { retCode, retMsg: detail === '' ? text : `${text}: ${detail}` }
}

export function isRefusal(value: object): value is Refusal {
  return 'retCode' in value
}
