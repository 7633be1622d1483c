import { describe, expect, it } from 'vitest'
import { GATEWAY_EVENTS_WAITING_MAX } from '../../src/constants.ts'
import { EventQueue } from '../../src/execution/gateway/bybit/event-queue.ts'
import type { GatewayEvent } from '../../src/execution/gateway/gateway.ts'

const CANCELED: GatewayEvent = { type: 'canceled', orderLinkId: 'bf-1-1', code: 'ok', timeUs: 1 }

/** A queue that nobody empties, and a session that is up or not. */
function fullQueue(isUp: boolean) {
  let isSessionUp = isUp
  const cut = () => {
    if (isSessionUp) queue.pushLink(false, 5)
    isSessionUp = false
  }
  const queue: EventQueue = new EventQueue(
    () => {},
    cut,
    () => 5,
  )
  if (isUp) queue.pushLink(true, 1)
  while (!queue.isEmpty) queue.next()
  for (let n = 0; n < GATEWAY_EVENTS_WAITING_MAX; n++) queue.push(CANCELED)
  const rest = () => {
    const events: GatewayEvent[] = []
    for (let event = queue.next(); event !== undefined; event = queue.next()) events.push(event)
    return events.map((event) => (event.type === 'link' ? event.isUp : event.type))
  }
  return { queue, rest }
}

describe('events that are too many to wait', () => {
  it('are dropped, the link is down, and what comes next is told after it', () => {
    const { queue, rest } = fullQueue(true)
    queue.push(CANCELED)
    expect(rest()).toEqual([false, 'canceled'])
    queue.pushLink(true, 6)
    expect(rest()).toEqual([true])
  })

  it('leave the link down when it comes up just then, as it is cut', () => {
    const { queue, rest } = fullQueue(false)
    queue.pushLink(true, 4)
    expect(rest()).toEqual([false])
    queue.pushLink(true, 6)
    expect(rest()).toEqual([true])
  })

  it('take the news that the link was lost with them, and it is told anew', () => {
    const { queue, rest } = fullQueue(true)
    queue.next()
    queue.pushLink(false, 4)
    queue.push(CANCELED)
    expect(rest()).toEqual([false, 'canceled'])
  })
})
