import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { booksCommand } from '../../src/cli/books.ts'
import { checkConfigCommand } from '../../src/cli/check-config.ts'
import { demoCommand } from '../../src/cli/demo.ts'
import { featuresCommand } from '../../src/cli/features.ts'
import { journalCommand } from '../../src/cli/journal.ts'
import { loadTestCommand } from '../../src/cli/load-test.ts'
import { mockExchangeCommand } from '../../src/cli/mock-exchange.ts'
import { runCommand } from '../../src/cli/run.ts'
import { simulateCommand } from '../../src/cli/simulate.ts'
import { SETTINGS } from '../../src/config/validation.ts'

const COMMANDS: readonly Command[] = [
  demoCommand(),
  runCommand(),
  mockExchangeCommand(),
  featuresCommand(),
  booksCommand(),
  loadTestCommand(),
  simulateCommand(),
  journalCommand(),
  checkConfigCommand(),
]

const rows = readFileSync('README.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))

describe('the table of commands in the README', () => {
  it.each(COMMANDS.map((command) => [command.name(), command] as const))(
    'has %s with its options and defaults, and no other',
    (name, command) => {
      const row = rows.find((line) => line.startsWith(`| \`${name}`) && line.includes(' `--'))
      expect(row, name).toBeDefined()
      const told = [...(row ?? '').matchAll(/--[a-z0-9-]+/g)].map(([flag]) => flag)
      const flags = command.options.map(({ long }) => long)
      expect([...new Set(told)].sort()).toEqual([...flags].sort())
      for (const { defaultValue, long } of command.options) {
        if (typeof defaultValue !== 'number' && typeof defaultValue !== 'string') continue
        const isSecret = /key|secret/.test(long ?? '')
        if (!isSecret) expect(row).toContain(`\`${long} ${defaultValue}\``)
      }
    },
  )
})

it('the README has a row for every section of the configuration', () => {
  const sections = new Set(SETTINGS.map(({ path }) => path[0]))
  expect(sections.size).toBeGreaterThan(15)
  for (const section of sections) {
    const isTold = rows.some((row) => row.split('|')[1].includes(`\`${section}\``))
    expect(isTold, section).toBe(true)
  }
})
