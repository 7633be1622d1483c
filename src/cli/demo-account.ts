import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { pause, systemTimers } from '../core/timer.ts'
import { TEST_KEY } from '../sim/signature.ts'
import { type AccountFigures, AccountProof, isProven } from './account-proof.ts'
import type { MockProcess } from './mock-process.ts'
import { ScratchFolder } from './scratch-folder.ts'

/** How long the account may take to agree once nothing disturbs it any more. */
const PROOF_MS_MAX = 90_000
const LOOK_MS = 250
/** After a lock-out of the mock; the real exchange asks for ten minutes. */
const MOCK_LOCK_OUT_MS = 2000

/** The key of the mock in two files, as a person would give a real one. */
export class DemoKeys {
  readonly #folder = new ScratchFolder('demo')

  /** The options of the configuration that make the mock's account the gateway. */
  options(): Readonly<Record<string, unknown>> {
    const [keyFile, secretFile] = [
      join(this.#folder.path, 'key'),
      join(this.#folder.path, 'secret'),
    ]
    writeFileSync(keyFile, TEST_KEY.key, { mode: 0o600 })
    writeFileSync(secretFile, TEST_KEY.secret, { mode: 0o600 })
    return {
      'execution.gateway': 'bybit',
      'execution.bybit.api_key_file': keyFile,
      'execution.bybit.api_secret_file': secretFile,
      'execution.bybit.lock_out_ms': MOCK_LOCK_OUT_MS,
    }
  }

  remove(): void {
    this.#folder.remove()
  }
}

/**
 * Ends the faults and the market of the mock, and waits until our journal and the exchange's own
 * account agree; the last figures in any case. Undefined when one of them could not be read.
 */
export async function proveAccount(
  mock: MockProcess,
  dataFolder: string,
  waitMsMax: number = PROOF_MS_MAX,
): Promise<AccountFigures | undefined> {
  await mock.setPlan([])
  await mock.setRate(0)
  const proof = new AccountProof(dataFolder)
  const endUs = systemClock.nowUs() + waitMsMax * 1000
  let figures: AccountFigures | undefined
  do {
    await pause(systemTimers, LOOK_MS)
    const truth = await mock.account()
    figures = truth === undefined ? undefined : proof.compare(truth)
  } while ((figures === undefined || !isProven(figures)) && systemClock.nowUs() < endUs)
  proof.close()
  return figures
}
