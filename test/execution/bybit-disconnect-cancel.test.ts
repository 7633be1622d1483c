import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/core/log.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { DisconnectCancel } from '../../src/execution/gateway/bybit/disconnect-cancel.ts'
import type { RestCall } from '../../src/execution/gateway/bybit/rest-link.ts'
import { isFields } from '../../src/execution/gateway/bybit/wire-fields.ts'
import {
  noAnswer,
  readEnvelope,
  type WireReply,
} from '../../src/execution/gateway/bybit/wire-reply.ts'
import { Counters } from '../../src/memory/counters.ts'
import { privateExchanges, until } from '../sim/private-exchange.ts'
import { bybitRigs } from './bybit-rig.ts'

const startExchange = privateExchanges()
const { start } = bybitRigs()
const ARM = '/v5/order/disconnected-cancel-all'
const LOOK = '/v5/account/query-dcp-info'

function guardOn(call: (call: RestCall) => Promise<WireReply>, windowS = 5) {
  const timers = new ManualTimers()
  const counters = new Counters()
  const paths: string[] = []
  const rest = {
    call: (asked: RestCall) => {
      paths.push(asked.path)
      return call(asked)
    },
  }
  const log = createLogger('test', 'silent')
  const guard = new DisconnectCancel({ rest, timers, log, counters, windowS })
  const pass = async (ms: number) => {
    timers.advance(ms)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { counters, guard, pass, paths, timers }
}

/** An answer of the exchange as it comes over the wire. */
function reply(result: unknown, retCode = 0): Promise<WireReply> {
  const envelope = { retCode, retMsg: 'as told', result, time: 1 }
  return Promise.resolve(readEnvelope(envelope, 'result', () => '') ?? noAnswer('none'))
}

const ON = { product: 'DERIVATIVES', dcpStatus: 'ON', timeWindow: '5' }

describe('the cancel on disconnect', () => {
  it('is armed only when the exchange shows it ten seconds later', async () => {
    const exchange = await startExchange({ account: { dcpApplyMs: 0 } })
    const { counters, guard, paths, timers } = guardOn(async ({ method, params, path }) => {
      const got = method === 'POST' ? exchange.post(path, params) : exchange.get(path, '')
      const body: unknown = await got
      const fields = isFields(body) ? body : undefined
      return readEnvelope(fields, 'result', () => '') ?? noAnswer('none')
    })
    guard.arm()
    await new Promise((resolve) => setTimeout(resolve, 300)) // the mock has applied it
    timers.advance(9_999)
    expect([guard.state, paths]).toEqual(['pending', [ARM]])
    timers.advance(1)
    await until(() => guard.state === 'armed')
    expect(paths).toEqual([ARM, LOOK])
    expect(counters.get('disconnect_cancels_armed')).toBe(1)
  })

  it.each([
    ['the exchange refuses to', () => reply({}, 10001)],
    ['nobody answers', () => Promise.resolve(noAnswer('lost'))],
    ['it shows nothing', ({ path }: RestCall) => reply(path === LOOK ? { dcpInfos: [] } : {})],
    [
      'it shows another time',
      ({ path }: RestCall) =>
        reply(path === LOOK ? { dcpInfos: [{ ...ON, timeWindow: '10' }] } : {}),
    ],
    [
      'it is off',
      ({ path }: RestCall) =>
        reply(path === LOOK ? { dcpInfos: [{ ...ON, dcpStatus: 'OFF' }] } : {}),
    ],
  ])('is tried five times when %s, then given up until the next connection', async (_why, call) => {
    const { counters, guard, pass, paths } = guardOn(call)
    guard.arm()
    for (let n = 0; n < 300; n++) await pass(1000)
    expect(guard.state).toBe('failed')
    expect(paths.filter((path) => path === ARM)).toHaveLength(5)
    expect(counters.get('disconnect_cancels_failed')).toBe(5)
    guard.arm()
    expect(guard.state).toBe('pending')
    for (let n = 0; n < 300; n++) await pass(1000)
    expect(counters.get('disconnect_cancels_failed')).toBe(10)
  })

  it('recovers from what fails once, and forgets what a lost connection began', async () => {
    let calls = 0
    const { guard, pass } = guardOn(({ path }) =>
      ++calls === 1
        ? Promise.resolve(noAnswer('lost'))
        : reply(path === LOOK ? { dcpInfos: [ON] } : {}),
    )
    guard.arm()
    await pass(0)
    await pass(1_000)
    guard.stop()
    await pass(60_000)
    expect([calls, guard.state]).toEqual([1, 'pending'])
    guard.arm()
    await pass(0)
    await pass(10_000)
    expect([calls, guard.state]).toEqual([3, 'armed'])
  })

  it('is not asked for where the configuration does not, and asked by the gateway where it does', async () => {
    const { guard, paths } = guardOn(() => reply({}), 0)
    guard.arm()
    expect([guard.state, paths]).toEqual(['off', []])
    const rig = await start({ bybit: { disconnectCancelS: 5 } })
    expect(rig.gateway.guard).toBe('pending')
  })
})
