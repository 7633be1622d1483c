import { EXECUTION_FAILED_EXIT_CODE } from './execution-worker-data.ts'

/** Why an engine that ran cannot go on. */
export type EngineFatal = Readonly<{ message: string; exitCode: number }>

/** The first reason to leave; later ones are its consequences. */
export class FatalEvent {
  readonly event: Promise<EngineFatal>
  #resolve: (fatal: EngineFatal) => void = () => {}

  constructor() {
    this.event = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  announce(message: string, exitCode = EXECUTION_FAILED_EXIT_CODE): void {
    this.#resolve({ message, exitCode })
  }
}
