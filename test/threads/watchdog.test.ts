import { describe, expect, it } from 'vitest'
import { HEARTBEAT_SILENT_MS_MAX } from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { ControlBlock, createControlBlock, EXECUTION_BEAT } from '../../src/memory/control-block.ts'
import { Counters } from '../../src/memory/counters.ts'
import { isMainSilent, Watchdog } from '../../src/threads/watchdog.ts'

function create() {
  const clock = new ManualClock(1e15)
  const control = new ControlBlock(createControlBlock())
  const counters = new Counters()
  const said: string[] = []
  const log = createLogger('test', 'silent')
  const onSilent = (message: string) => said.push(message)
  const watchdog = new Watchdog({ control, counters, clock, log, onSilent })
  control.beat(EXECUTION_BEAT, clock.nowUs())
  return { clock, control, counters, said, watchdog }
}

describe('the watchdog', () => {
  it('gives a silent execution up once, and closes its way out for good', () => {
    const { clock, control, counters, said, watchdog } = create()
    clock.advance((HEARTBEAT_SILENT_MS_MAX - 1) * 1000)
    watchdog.look(false)
    expect(control.isWayOutClosed()).toBe(false)
    clock.advance(1000)
    watchdog.look(false)
    watchdog.look(false)
    expect(control.isWayOutClosed()).toBe(true)
    expect(said).toEqual([`execution gave no sign of life for ${HEARTBEAT_SILENT_MS_MAX} ms`])
    expect(counters.get('watchdog_execution_silent')).toBe(1)
    control.beat(EXECUTION_BEAT, clock.nowUs())
    watchdog.look(false)
    expect(control.isWayOutClosed()).toBe(true)
    // Not a kill: nobody knows what it had done.
    expect(control.isKilled()).toBe(false)
  })

  it('says nothing of an execution that has ended', () => {
    const { clock, control, said, watchdog } = create()
    clock.advance(60_000_000)
    watchdog.look(true)
    expect(said).toEqual([])
    expect(control.isWayOutClosed()).toBe(false)
  })

  it('beats for main, which is not silent before its first beat', () => {
    const { clock, control, watchdog } = create()
    expect(isMainSilent(control, clock.nowUs(), 1000)).toBe(false)
    watchdog.look(false)
    clock.advance(1_000_000)
    expect(isMainSilent(control, clock.nowUs(), 1000)).toBe(false)
    clock.advance(1)
    expect(isMainSilent(control, clock.nowUs(), 1000)).toBe(true)
  })
})

describe('the kill latch', () => {
  it('outlasts a release that was asked for before it was set again', () => {
    const { control } = create()
    control.kill()
    const seen = control.kills()
    control.kill()
    control.release(seen)
    expect(control.isKilled()).toBe(true)
    control.release(control.kills())
    expect(control.isKilled()).toBe(false)
  })

  it('stands beside the breakers, each with its own word', () => {
    const { control } = create()
    control.setBreaker('placement', 'open')
    control.setBreaker('account', 'half_open')
    expect(control.breaker('placement')).toBe('open')
    expect(control.breaker('account')).toBe('half_open')
    expect(control.breaker('cancel')).toBe('closed')
    expect(control.isKilled()).toBe(false)
  })
})
