import { describe, expect, it } from 'vitest'
import { connectDesk } from '../../src/stream/client.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { getJson, Program, until } from './processes.ts'

const SYMBOLS = 12

describe('bookflow demo', () => {
  it('streams rows of all symbols in both encodings, answers the control API, and ends on Ctrl-C', async () => {
    const ports = ['--mock-port', '0', '--control-port', '0', '--stream-port', '0']
    const size = ['--symbols', String(SYMBOLS), '--rate', '1000']
    const demo = new Program(['demo', ...ports, ...size, '--data', temporaryFolder()])
    const control = (await demo.printed(/control API\s+(http:\S+)/))[1]
    const url = (await demo.printed(/desk stream\s+(ws:\S+)/))[1]
    await until('ready engine', async () => {
      const ready = await fetch(`${control}/ready`)
      return ready.status === 200 ? true : undefined
    })
    for (const encoding of ['msgpack', 'json'] as const) {
      const rows = new Map<string, number>()
      const desk = connectDesk({ url, encoding })
      desk.subscribe(['features.*'], {
        features: ({ symbol, values }) => {
          if (values !== null) rows.set(symbol, (rows.get(symbol) ?? 0) + 1)
        },
      })
      await until(`rows of all symbols in ${encoding}`, () => {
        const seen = [...rows.values()].filter((count) => count >= 2).length
        return seen === SYMBOLS ? true : undefined
      })
      expect(desk.schema?.names).toHaveLength(150)
      desk.close()
    }
    await until('healthy engine', async () => {
      const health = await getJson(`${control}/health`)
      return JSON.stringify(health).startsWith('{"state":"ok"') ? true : undefined
    })
    expect(await getJson(`${control}/api/v1/status`)).toMatchObject({ symbols: { live: SYMBOLS } })
    const metrics = await (await fetch(`${control}/metrics`)).text()
    expect(metrics).toMatch(/^bookflow_rows_total\{thread="shard-0"\} [1-9]/m)
    const stopped = Date.now()
    demo.child.kill('SIGINT')
    const ended = await demo.ended
    expect(ended.code).toBe(0)
    expect(Date.now() - stopped).toBeLessThan(10_000) // a hang, not a duration, is what this would find
  })
})
