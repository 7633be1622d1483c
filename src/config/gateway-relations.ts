import { LIVE_CONFIRMATION, LOCK_OUT_MS } from './gateway-section.ts'
import type { RelationComplaint } from './relations.ts'
import type { ConfigDraft } from './schema.ts'

/** What must hold before an order may leave this process, and more before it may cost money. */
export function gatewayComplaints(config: ConfigDraft): RelationComplaint[] {
  const { control, exchange, execution, mode } = config
  const complaints: RelationComplaint[] = []
  const complain = (path: readonly string[], message: string) => complaints.push({ path, message })
  const isLive = mode === 'live'
  if (isLive && execution.gateway !== 'bybit') {
    complain(['mode'], 'live needs execution.gateway: bybit')
  }
  if (isLive && execution.live_confirm !== LIVE_CONFIRMATION) {
    const fix = `live needs execution.live_confirm: "${LIVE_CONFIRMATION}"`
    complain(['mode'], `${fix}, as orders cost money`)
  }
  if (isLive && control.token === undefined) {
    const fix = 'set BOOKFLOW_CONTROL_TOKEN'
    complain(['control', 'token'], `live needs it, as nobody could kill or resume: ${fix}`)
  }
  if (execution.gateway !== 'bybit') return complaints
  const isPractice = isPracticeHost(exchange.rest_url) && isPracticeHost(exchange.ws_url)
  if (!isLive && !isPractice) {
    const fix = 'take the testnet or a mock, or mode: live'
    complain(['execution', 'gateway'], `bybit trades with money at ${exchange.rest_url}: ${fix}`)
  }
  const isSafe = exchange.rest_url.startsWith('https:') && exchange.ws_url.startsWith('wss:')
  if (!isSafe && !(isOwnHost(exchange.rest_url) && isOwnHost(exchange.ws_url))) {
    complain(['exchange', 'rest_url'], 'orders leave this machine only by https and wss')
  }
  if (exchange.category !== 'linear') {
    complain(['exchange', 'category'], 'the gateway to Bybit trades linear instruments only')
  }
  const bybit = execution.bybit
  for (const key of ['api_key_file', 'api_secret_file'] as const) {
    if (bybit[key] !== undefined) continue
    const variable = `BOOKFLOW_EXECUTION_BYBIT_${key.toUpperCase()}`
    complain(['execution', 'bybit', key], `is needed by gateway: bybit; or set ${variable}`)
  }
  if (bybit.lock_out_ms < LOCK_OUT_MS && !isOwnHost(exchange.rest_url)) {
    const message = `must be at least ${LOCK_OUT_MS}: the exchange asks for 10 minutes`
    complain(['execution', 'bybit', 'lock_out_ms'], message)
  }
  if (bybit.disconnect_cancel_s > 0 && bybit.disconnect_cancel_s < 3) {
    const message = 'must be 0, or from 3 to 300'
    complain(['execution', 'bybit', 'disconnect_cancel_s'], message)
  }
  return complaints
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}

function isOwnHost(url: string): boolean {
  const host = hostOf(url)
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Where no money is: this machine, the testnet, the exchange's demo trading. */
function isPracticeHost(url: string): boolean {
  return isOwnHost(url) || /^(api|stream)-(testnet|demo)\.bybit\.com$/.test(hostOf(url))
}
