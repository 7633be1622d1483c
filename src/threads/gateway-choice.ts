import { systemClock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import type { Logger } from '../core/log.ts'
import { Random, systemSeed } from '../core/random.ts'
import { type Result, succeed } from '../core/result.ts'
import { systemTimers } from '../core/timer.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { DeadLetterFile } from '../execution/dead-letters.ts'
import { lockAccount } from '../execution/gateway/bybit/account-lock.ts'
import { BybitGateway, type BybitOptions } from '../execution/gateway/bybit/bybit-gateway.ts'
import { Credentials, readableByOthers } from '../execution/gateway/bybit/credentials.ts'
import { askKey, fetchEquity } from '../execution/gateway/bybit/start-checks.ts'
import { systemWire } from '../execution/gateway/bybit/system-wire.ts'
import type { Gateway } from '../execution/gateway/gateway.ts'
import type { PaperGateway } from '../execution/gateway/paper-gateway.ts'
import type { JournaledSteps } from '../execution/journaled-steps.ts'
import type { RiskGuards } from '../execution/risk-guards.ts'
import type { Counters } from '../memory/counters.ts'
import type { ExecutionWorkerData } from './execution-worker-data.ts'

/** For the execution thread: paths of the key's files, never their text. */
export type BybitSettings = BybitOptions & Readonly<{ keyFile: string; secretFile: string }>

export type OpenGateway = Readonly<{
  gateway: Gateway
  guards: Partial<RiskGuards>
  /** What the account begins with, at the first start of a journal. */
  equityQuote: number
  /** Opens its connections; the actor is ready to hear. */
  start(): void
  close(): void
  /** What it is, when it is that. */
  paper: PaperGateway | undefined
}>

export type GatewayParts = Readonly<{
  paper: () => PaperGateway
  /** Of the first run of the journal; NaN before it has begun. */
  firstStartUs: () => number
  journaled: JournaledSteps
  log: Logger
  counters: Counters
  /** Nothing is on a wire on paper. */
  intentToWire: Histogram
  deadLetters: DeadLetterFile
  wake: () => void
}>

/** The gateway that is configured. Refused when its key, its account or the exchange is not there. */
export function openGateway(
  data: ExecutionWorkerData,
  parts: GatewayParts,
): Promise<Result<OpenGateway, ResultCode>> {
  if (data.bybit !== undefined) return openBybit(data, data.bybit, parts)
  const gateway = parts.paper()
  return Promise.resolve(
    succeed({
      gateway,
      guards: {},
      equityQuote: data.options.equityQuote,
      start: () => {},
      close: () => {},
      paper: gateway,
    }),
  )
}

async function openBybit(
  data: ExecutionWorkerData,
  settings: BybitSettings,
  parts: GatewayParts,
): Promise<Result<OpenGateway, ResultCode>> {
  const credentials = Credentials.read(settings.keyFile, settings.secretFile)
  if (!credentials.ok) return credentials
  for (const file of readableByOthers([settings.keyFile, settings.secretFile])) {
    parts.log.warn({ file }, 'every user of this machine may read the file of the key: chmod 600')
  }
  const lock = lockAccount(credentials.value, settings.restUrl)
  if (!lock.ok) return lock
  const { counters, deadLetters, firstStartUs, intentToWire, journaled, log, wake } = parts
  deadLetters.hide(credentials.value.key)
  const gateway = new BybitGateway({
    ...{ options: settings, credentials: credentials.value, instruments: data.instruments },
    ...{ firstStartUs, journaled, clock: systemClock, timers: systemTimers },
    wire: systemWire,
    ...{ random: new Random(systemSeed()), log, counters, deadLetters, wake, intentToWire },
  })
  const close = () => {
    gateway.close()
    lock.value.release()
  }
  const allowed = await askKey(gateway, systemTimers)
  const isFirst = Number.isNaN(firstStartUs())
  const known = succeed(data.options.equityQuote)
  const equity = !allowed.ok
    ? allowed
    : isFirst
      ? await fetchEquity(gateway, systemClock, systemTimers)
      : known
  if (!equity.ok) {
    close()
    return equity
  }
  const guards = {
    clockOffsetMs: () => gateway.exchangeClock.offsetMs,
    hasInstanceLock: () => gateway.isAlone,
  }
  const start = () => gateway.start()
  const equityQuote = equity.value
  return succeed({ gateway, guards, equityQuote, start, close, paper: undefined })
}
