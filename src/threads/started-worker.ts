import { Worker } from 'node:worker_threads'
import { SHUTDOWN_MS_MAX } from '../constants.ts'
import { type Failure, fail, type Result, succeed } from '../core/result.ts'
import { isResultCode, type ResultCode } from '../domain/result-codes.ts'

const START_MS_MAX = 60_000

/** A worker thread that has said it is ready. */
export type StartedWorker<Ready> = Readonly<{
  ready: Ready
  /** Resolves with the exit code and why, when the thread has ended for whatever reason. */
  ended: Promise<{ code: number; reason: string }>
  /** The one line of a `failed` that came after it was ready; empty for none. */
  complaint(): string
  /** Asks it to end in order; after a bound it is ended without being asked. */
  stop(): Promise<void>
}>

type Message = Readonly<{ type: string }>

/**
 * Starts a thread that answers `ready` or `failed` (with a result code and one clear line).
 * `isReady` tells the two apart in the types of that thread. `stopMsMax`: what it has for its end.
 */
export function startWorker<Ready extends Message>(
  file: URL,
  workerData: unknown,
  isReady: (message: Message) => message is Ready,
  stopMsMax: number = SHUTDOWN_MS_MAX,
): Promise<Result<StartedWorker<Ready>, ResultCode>> {
  const worker = new Worker(file, { workerData })
  let reason = ''
  let complaint = ''
  worker.on('error', (error) => {
    reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
  })
  const ended = new Promise<{ code: number; reason: string }>((resolve) => {
    worker.once('exit', (code) => resolve({ code, reason }))
  })
  const stop = async (): Promise<void> => {
    worker.postMessage({ type: 'stop' })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, stopMsMax)
    })
    await Promise.race([ended, late])
    clearTimeout(timer)
    await worker.terminate()
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      const text = `${file.pathname} did not become ready in ${START_MS_MAX / 1000} s`
      worker.terminate()
      resolve(fail('internal_error', text))
    }, START_MS_MAX)
    worker.on('message', (message: Message) => {
      clearTimeout(timer)
      if (isReady(message)) {
        resolve(succeed({ ready: message, ended, stop, complaint: () => complaint }))
      } else if (message.type === 'failed') {
        const failure = failureOf(message)
        complaint = failure.message
        resolve(failure)
      }
    })
    ended.then(({ code }) => {
      clearTimeout(timer)
      resolve(
        fail(
          'internal_error',
          `${file.pathname} ended with ${code} before it was ready: ${reason}`,
        ),
      )
    })
  })
}

function failureOf(message: Message): Failure<ResultCode> {
  const text = 'message' in message ? String(message.message) : 'no reason given'
  const code = 'code' in message ? String(message.code) : ''
  return fail(isResultCode(code) ? code : 'internal_error', text)
}
