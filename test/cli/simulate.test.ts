import { CommanderError } from 'commander'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { simulateCommand } from '../../src/cli/simulate.ts'

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

/** What it wrote to the standard output, and to the other. */
async function simulate(words: string) {
  const told: string[] = []
  const errors: string[] = []
  const into = (lines: string[]) => (text: string | Uint8Array) => lines.push(String(text)) > 0
  vi.spyOn(process.stdout, 'write').mockImplementation(into(told))
  vi.spyOn(process.stderr, 'write').mockImplementation(into(errors))
  const command = simulateCommand().exitOverride()
  await command.parseAsync(words.split(' '), { from: 'user' })
  return { told: told.join(''), errors: errors.join('') }
}

/** The exit code and the message of wrong usage. */
async function refusal(words: string): Promise<unknown> {
  try {
    await simulate(words)
  } catch (error) {
    if (error instanceof CommanderError) return [error.exitCode, error.message]
  }
  return undefined
}

describe('the command that simulates', () => {
  it.each([
    [
      '--bugs lost_cancel,wire_first_page',
      'wire_first_page is in the gateway bybit, lost_cancel is in port: run them apart',
    ],
    [
      '--bugs wire_first_page,lost_cancel',
      'lost_cancel is in the gateway port, wire_first_page is in bybit: run them apart',
    ],
    [
      '--bugs wire_first_page --gateway port',
      'wire_first_page is in the gateway bybit, not in port',
    ],
    ['--gateway bybit --bugs lost_cancel', 'lost_cancel is in the gateway port, not in bybit'],
  ])('refuses mistakes of a gateway that does not run: %s', async (words, why) => {
    expect(await refusal(words)).toEqual([2, `error: option --bugs: ${why}`])
  })

  it.each([
    ['--seed 4', 'bybit'],
    ['--seed 5', 'port'],
    ['--seed 4 --gateway port', 'port'],
    ['--seed 5 --gateway bybit', 'bybit'],
    ['--seed 5 --bugs wire_first_page', 'bybit'],
    ['--seed 4 --bugs lost_cancel', 'port'],
  ])('runs one history of %s by %s, whatever it dies at', async (words, gateway) => {
    const { told } = await simulate(`${words} --steps 40 --crash-at 3`)
    expect(JSON.parse(told)).toMatchObject({ gateway, crashes: 1, ok: true })
  })

  it('gives a command with the gateway of the seed, which shows the same again', async () => {
    const { told } = await simulate('--seed 1 --bugs wire_keeps_frames --json')
    const { first_violation: first, ok } = JSON.parse(told)
    expect(ok).toBe(false)
    expect(first.replay).toContain('--gateway bybit')
    const words = first.replay.replace('bookflow simulate ', '').replace(' --trace', '')
    const again = await simulate(`${words} --json`)
    expect(JSON.parse(again.told).first_violation).toMatchObject({
      ...{ message: first.message, at_ms: first.at_ms },
    })
  })

  it('tells all of one history, and its end last', async () => {
    const { told } = await simulate('--seed 4 --steps 200 --trace')
    const lines = told.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(10)
    expect(JSON.parse(lines[lines.length - 1])).toMatchObject({ seed: 4, gateway: 'bybit' })
  })
})
