import { afterEach, describe, expect, it, vi } from 'vitest'
import { readOptions } from '../../bench/command-options.ts'

const OPTIONS = { messages: { type: 'string', default: '7' } } as const

afterEach(() => {
  vi.restoreAllMocks()
})

function written(stream: NodeJS.WriteStream): string[] {
  const texts: string[] = []
  vi.spyOn(stream, 'write').mockImplementation((chunk) => {
    texts.push(String(chunk))
    return true
  })
  return texts
}

describe('options of a script', () => {
  it('are read with their defaults', () => {
    const read = readOptions('oracle', 'Usage: oracle', { args: [], options: OPTIONS })
    expect(read.ok && read.parsed.values.messages).toBe('7')
    const other = readOptions('oracle', '', { args: ['--messages', '9'], options: OPTIONS })
    expect(other.ok && other.parsed.values.messages).toBe('9')
  })

  it.each(['--help', '-h'])('give the usage for %s, and nothing is run', (arg) => {
    const out = written(process.stdout)
    const read = readOptions('oracle', '\nUsage: oracle', { args: [arg], options: OPTIONS })
    expect(read).toEqual({ ok: false, exitCode: 0 })
    expect(out).toEqual(['Usage: oracle\n'])
  })

  it.each([[['--mesages', '1']], [['--messages']], [['stray']]])(
    'are refused in one line when they are %j',
    (args) => {
      const err = written(process.stderr)
      const read = readOptions('oracle', 'Usage: oracle', { args, options: OPTIONS })
      expect(read).toEqual({ ok: false, exitCode: 2 })
      expect(err).toHaveLength(1)
      expect(err[0]).toMatch(/^oracle: .+; --help shows the options\n$/)
      expect(err[0].split('\n')).toHaveLength(2)
    },
  )
})
