import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The C++ of `native-bench/`: built by CMake where there is a compiler, run as a program. */
export type NativeBuild =
  | Readonly<{ state: 'built'; program: string }>
  | Readonly<{ state: 'skipped'; reason: string }>
  | Readonly<{ state: 'failed'; reason: string }>

export type NativeSample = Readonly<{ messageNs: number; checksum: number }>
export const NATIVE_MODES = [
  ...(['decode', 'apply', 'pipeline', 'simdjson'] as const),
  ...(['features', 'levels'] as const),
] as const
export type NativeMode = (typeof NATIVE_MODES)[number]

/** From the root of the repository, where npm runs its scripts. */
export function buildNative(folder: string, options: readonly string[] = []): NativeBuild {
  const compilers = [process.env.CXX, 'c++', 'g++', 'clang++']
  if (!compilers.some((name) => name !== undefined && name !== '' && hasProgram(name))) {
    return { state: 'skipped', reason: 'no C++ compiler' }
  }
  if (!hasProgram('cmake')) return { state: 'skipped', reason: 'no CMake' }
  for (const args of [
    ['-S', 'native-bench', '-B', folder, ...options],
    ['--build', folder],
  ]) {
    const { status, stderr, stdout } = spawnSync('cmake', args, { encoding: 'utf8' })
    if (status !== 0)
      return { state: 'failed', reason: `cmake ${args.join(' ')}\n${stdout}${stderr}` }
  }
  return { state: 'built', program: join(folder, 'bookflow-native') }
}

/** Undefined where the program was built without what the mode needs. */
export function runNative(
  program: string,
  tape: string,
  mode: NativeMode,
  passes: number,
): NativeSample | undefined {
  const args = [tape, mode, String(passes)]
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`bookflow-native ${args.join(' ')}: ${stderr}`)
  const answer: unknown = JSON.parse(stdout)
  if (typeof answer !== 'object' || answer === null) throw new Error(`unexpected: ${stdout}`)
  if ('missing' in answer) return undefined
  if (!('message_ns' in answer) || !('checksum' in answer)) throw new Error(`unexpected: ${stdout}`)
  return { messageNs: Number(answer.message_ns), checksum: Number(answer.checksum) }
}

/** Rows of groups A to D and J of one pass over a tape, one after the other. */
export function runNativeRows(program: string, tape: string): Float64Array {
  const options = { maxBuffer: 2 ** 28 }
  const { status, stdout, stderr } = spawnSync(program, [tape, 'rows'], options)
  if (status !== 0) throw new Error(`bookflow-native ${tape} rows: ${stderr.toString()}`)
  return new Float64Array(Uint8Array.from(stdout).buffer)
}

function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0
}
