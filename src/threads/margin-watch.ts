import { MARGIN_PERIOD_MS } from '../constants.ts'
import type { AccountReport } from '../execution/account-figures.ts'
import type { Account } from '../execution/gateway/gateway.ts'

/** Asks the exchange for its equity and margin figures, one question at a time; the paper account has none. */
export class MarginWatch {
  readonly #account: Account | undefined
  readonly #report: AccountReport
  #nextUs = 0
  #isAsking = false

  constructor(account: Account | undefined, report: AccountReport) {
    this.#account = account
    this.#report = report
  }

  look(nowUs: number): void {
    if (this.#account === undefined || this.#isAsking || nowUs < this.#nextUs) return
    this.#nextUs = nowUs + MARGIN_PERIOD_MS * 1000
    this.#isAsking = true
    void this.#account.balance(nowUs).then((reply) => {
      this.#isAsking = false
      // What is not known now was known a moment ago; the model stands in until it is again.
      this.#report.setMargin(reply.kind === 'balance' ? reply.balance.margin : undefined)
      if (reply.kind === 'balance') this.#report.compare(reply.balance.equityQuote)
    })
  }
}
