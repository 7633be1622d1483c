import { describe, expect, it } from 'vitest'
import { HEARTBEAT_SILENT_MS_MAX } from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import {
  ControlBlock,
  createControlBlock,
  EXECUTION_BEAT,
  MAIN_BEAT,
} from '../../src/memory/control-block.ts'
import { Counters } from '../../src/memory/counters.ts'
import { MainWatch, Watchdog } from '../../src/threads/watchdog.ts'

const LOOK_MS = 50

function create() {
  const clock = new ManualClock(1e15)
  const control = new ControlBlock(createControlBlock())
  const counters = new Counters()
  const said: string[] = []
  const log = createLogger('test', 'silent')
  const onSilent = (message: string) => said.push(message)
  const watchdog = new Watchdog({ control, counters, clock, log, onSilent })
  control.beat(EXECUTION_BEAT, clock.nowUs())
  const lookFor = (ms: number) => {
    for (let i = 0; i < ms / LOOK_MS; i++) {
      clock.advance(LOOK_MS * 1000)
      watchdog.look(false)
    }
  }
  watchdog.look(false)
  return { clock, control, counters, lookFor, said, watchdog }
}

describe('the watchdog', () => {
  it('gives a silent execution up once, and closes its way out for good', () => {
    const { clock, control, counters, lookFor, said, watchdog } = create()
    lookFor(HEARTBEAT_SILENT_MS_MAX - LOOK_MS)
    expect(control.isWayOutClosed()).toBe(false)
    lookFor(LOOK_MS)
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

  it('does not hold its own sleep against execution, but what came after it', () => {
    const { clock, control, lookFor, said, watchdog } = create()
    lookFor(1000)
    // As when the machine is suspended, or main waits for a processor.
    clock.advance(60_000_000)
    watchdog.look(false)
    lookFor(3000)
    expect(control.isWayOutClosed()).toBe(false)
    lookFor(1000)
    expect(control.isWayOutClosed()).toBe(true)
    expect(said.length).toBe(1)
  })

  it('gives up an execution that is late, though main is late too now and then', () => {
    const { clock, control, watchdog } = create()
    for (let i = 0; i < 12; i++) {
      clock.advance(450_000)
      watchdog.look(false)
    }
    expect(control.isWayOutClosed()).toBe(true)
  })
})

describe('the watch for main', () => {
  it('finds it silent after so long, but not before its first beat', () => {
    const { clock, control } = create()
    const silent = new ControlBlock(createControlBlock())
    const [beating, unborn] = [new MainWatch(control, 1000), new MainWatch(silent, 1000)]
    control.beat(MAIN_BEAT, clock.nowUs())
    for (let ms = 0; ms <= 1000; ms += 100) {
      expect(beating.isSilent(clock.nowUs())).toBe(false)
      clock.advance(100_000)
    }
    expect(beating.isSilent(clock.nowUs())).toBe(true)
    expect(unborn.isSilent(clock.nowUs())).toBe(false)
    control.beat(MAIN_BEAT, clock.nowUs())
    expect(beating.isSilent(clock.nowUs())).toBe(false)
  })

  it('does not find it silent because execution slept itself', () => {
    const { clock, control } = create()
    const main = new MainWatch(control, 1000)
    control.beat(MAIN_BEAT, clock.nowUs())
    main.isSilent(clock.nowUs())
    clock.advance(3_600_000_000)
    expect(main.isSilent(clock.nowUs())).toBe(false)
    for (let ms = 0; ms < 1000; ms += 100) {
      clock.advance(100_000)
      main.isSilent(clock.nowUs())
    }
    expect(main.isSilent(clock.nowUs())).toBe(true)
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
