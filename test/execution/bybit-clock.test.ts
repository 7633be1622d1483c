import { expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { ExchangeClock } from '../../src/execution/gateway/bybit/exchange-clock.ts'
import { TimeWatch } from '../../src/execution/gateway/bybit/time-watch.ts'
import { noAnswer, readEnvelope } from '../../src/execution/gateway/bybit/wire-reply.ts'
import { START_US } from './rig.ts'

it('the offset of the clock is unknown after three missed measurements, and known after one', async () => {
  const clock = new ManualClock(START_US)
  const timers = new ManualTimers()
  const exchangeClock = new ExchangeClock(clock)
  let isDown = false
  const rest = {
    call: () => {
      const result = { timeNano: `${clock.nowUs() - 40_000}000` }
      const reply = readEnvelope({ retCode: 0, result, time: 1 }, 'result', () => '')
      return Promise.resolve(isDown || reply === undefined ? noAnswer('lost') : reply)
    },
  }
  const watch = new TimeWatch({ rest, exchangeClock, clock, timers })
  const pass = async (seconds: number) => {
    for (let n = 0; n < seconds; n++) {
      clock.advance(1_000_000)
      timers.advance(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  expect(exchangeClock.offsetMs).toBe(Number.NaN)
  watch.start()
  await pass(600)
  expect(exchangeClock.offsetMs).toBe(40)
  isDown = true
  await pass(150)
  expect(exchangeClock.offsetMs).toBe(40)
  await pass(120)
  expect(exchangeClock.offsetMs).toBe(Number.NaN)
  isDown = false
  await pass(60)
  expect(exchangeClock.offsetMs).toBe(40)
  watch.stop()
})
