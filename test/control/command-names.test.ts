import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildControlApp } from '../../src/control/server.ts'
import { EngineDouble, TOKEN } from './engine-double.ts'

const engine = new EngineDouble()
const ORDER = { order_link_id: 'bf-1-2' }
const LEVELS = { symbol: 'BTCUSDT', stop: '64000.10' }
let paper: FastifyInstance
let live: FastifyInstance

function build(isLive: boolean) {
  const { clock, logger } = engine
  const options = { host: '127.0.0.1', port: 0, version: '0.1.0', token: TOKEN, isLive }
  return buildControlApp(engine.ports(), { ...options, clock, logger })
}

beforeAll(async () => {
  paper = await build(false)
  live = await build(true)
})
afterAll(async () => {
  await paper.close()
  await live.close()
})
beforeEach(() => engine.reset())

let key = 0
function post(app: FastifyInstance, name: string, payload: object = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, 'idempotency-key': `name-${++key}` }
  return app.inject({ method: 'POST', url: `/api/v1/control/${name}`, headers, payload })
}

describe('a name and a reason', () => {
  it.each([
    ['release', {}],
    ['resume', {}],
    ['risk-on', {}],
    ['levels', LEVELS],
    ['start-strategy', { strategy: 'scalper' }],
  ])('are wanted for %s in every mode, and handed on', async (name, body) => {
    for (const app of [paper, live]) {
      for (const [ask, fields] of [
        [{}, 'who, reason'],
        [{ reason: 'all is well' }, 'who'],
        [{ who: 'ann', reason: ' ' }, 'reason'],
      ] as const) {
        const refused = await post(app, name, { ...body, ...ask })
        expect(refused.statusCode).toBe(400)
        const fix = 'send {"who": "your name", "reason": "why"}'
        expect(refused.json()).toMatchObject({
          code: 'bad_request',
          message: expect.stringContaining(`${fields}: missing or empty: ${fix}`),
        })
      }
      expect(engine.commands).toEqual([])
      const asked = { ...body, who: 'ann', reason: 'all is well' }
      expect((await post(app, name, asked)).statusCode).toBe(200)
      expect(engine.asks).toMatchObject([{ who: 'ann', reason: 'all is well' }])
      engine.reset()
    }
  })

  it.each([
    ['amend-order', { ...ORDER, size: '0.5' }],
    ['cancel-order', ORDER],
    ['reconcile', {}],
  ])('are wanted for %s where money is at stake', async (name, body) => {
    expect((await post(paper, name, body)).statusCode).toBe(200)
    const refused = await post(live, name, body)
    expect(refused.statusCode).toBe(400)
    expect(refused.json().message).toContain('who, reason: missing')
    const asked = { ...body, who: 'ann', reason: 'news' }
    expect((await post(live, name, asked)).statusCode).toBe(200)
  })

  it.each(['kill', 'flatten', 'cancel-all', 'halt', 'reduce', 'risk-off'])(
    'are not waited for by %s: in an emergency one call is enough',
    async (name) => {
      for (const app of [paper, live]) expect((await post(app, name)).statusCode).toBe(200)
    },
  )

  it('are not waited for by the stop of one strategy, which is named in the answer', async () => {
    const answer = await post(live, 'stop-strategy', { strategy: 'scalper' })
    expect(answer.json()).toMatchObject({ command: 'stop_strategy', strategy: 'scalper' })
    expect(engine.asks).toMatchObject([{ strategy: 'scalper' }])
    const missing = await post(live, 'stop-strategy', {})
    expect(missing.json().message).toBe('strategy: is missing')
  })

  it('are told of in the documentation of a route', async () => {
    const { paths } = (await live.inject('/api/docs/json')).json()
    expect(paths['/api/v1/control/resume'].post.summary).toContain('needs who and reason')
    expect(paths['/api/v1/control/kill'].post.summary).not.toContain('who')
  })
})
