/** Why an engine that ran cannot go on. */
export type EngineFatal = Readonly<{ message: string }>

/** The first reason to leave; later ones are its consequences. */
export class FatalEvent {
  readonly event: Promise<EngineFatal>
  #resolve: (fatal: EngineFatal) => void = () => {}

  constructor() {
    this.event = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  announce(message: string): void {
    this.#resolve({ message })
  }
}
