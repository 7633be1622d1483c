import type { Account } from './account.ts'
import type { AccountPosition } from './account-position.ts'
import { positionFields, walletFields } from './account-views.ts'
import type { AccountEvents } from './fill-booking.ts'
import type { PrivateFaults } from './private-faults.ts'
import {
  type Execution,
  executionFields,
  orderFields,
  type PrivateOrder,
  sideName,
} from './private-order.ts'
import type { SymbolMarket } from './symbol-market.ts'

/**
 * What happened to the account, on its way to the private connections. Events are collected and
 * leave together a few times a second of the tick, so that an answer usually comes before them; the
 * client may not rely on it.
 */
export type PrivateReceiver = {
  /** The name under which it subscribed to this kind of message; undefined: it did not. */
  topicName(kind: PrivateTopic): string | undefined
  sendTopic(text: string): void
}

export const PRIVATE_TOPICS = [
  'order',
  'execution',
  'execution.fast',
  'position',
  'wallet',
] as const
export type PrivateTopic = (typeof PRIVATE_TOPICS)[number]

type Message = { topic: PrivateTopic; data: object[]; timeMs: number }

export type PrivateStreamOptions = Readonly<{
  account: Account
  faults: PrivateFaults
  nowMs: () => number
}>

const HELD_MS = 300
const MESSAGE_ITEMS_MAX = 100

export class PrivateStream implements AccountEvents {
  readonly receivers = new Set<PrivateReceiver>()
  /** Messages sent, whoever received them. */
  sent = 0
  readonly #options: PrivateStreamOptions
  #pending: Message[] = []
  #held: { message: Message; dueMs: number }[] = []
  #nextId = 1

  constructor(options: PrivateStreamOptions) {
    this.#options = options
  }

  order(order: PrivateOrder): void {
    const { faults } = this.#options
    const fields = { category: 'linear', ...orderFields(order), feeCurrency: '' }
    this.#add('order', fields)
    if (order.status === 'Filled' && faults.take('duplicate_filled', order.orderLinkId)) {
      // As after a cancel that met the last fill.
      const rejectReason = 'EC_OrigClOrdIDDoesNotExist'
      this.#pending.push(this.#message('order', { ...fields, rejectReason }))
    }
  }

  execution(execution: Execution): void {
    const { faults } = this.#options
    const linkId = execution.order?.orderLinkId ?? ''
    const fields = { category: 'linear', ...executionFields(execution) }
    if (execution.execType === 'Trade') this.#add('execution.fast', fastFields(execution))
    if (faults.take('executions_late', linkId)) {
      const message = this.#message('execution', fields)
      this.#held.push({ message, dueMs: this.#options.nowMs() + HELD_MS })
      return
    }
    this.#add('execution', fields)
    if (faults.take('execution_twice', linkId)) {
      this.#pending.push(this.#message('execution', fields))
    }
  }

  position(position: AccountPosition, market: SymbolMarket): void {
    const fields = positionFields(this.#options.account, position, market)
    this.#add('position', { category: 'linear', ...fields })
  }

  wallet(): void {
    this.#add('wallet', walletFields(this.#options.account))
  }

  flush(): void {
    const { faults, nowMs } = this.#options
    if (this.#held.length > 0) {
      const due = this.#held.filter(({ dueMs }) => dueMs <= nowMs())
      this.#held = this.#held.filter((held) => !due.includes(held))
      for (const { message } of due) this.#pending.push(message)
    }
    if (this.#pending.length === 0) return
    const messages = this.#pending
    this.#pending = []
    if (faults.isStreamSilent()) return
    for (const message of messages) this.#send(message)
  }

  /**
   * What happens at once shares a message: executions stand side by side, of the wallet the last
   * picture is enough. Orders and positions are told change by change.
   */
  #add(topic: PrivateTopic, data: object): void {
    const isShared = topic === 'wallet' || topic.startsWith('execution')
    const isOpen = (message: Message) =>
      message.topic === topic && message.data.length < MESSAGE_ITEMS_MAX
    const same = isShared ? this.#pending.find(isOpen) : undefined
    if (same === undefined) this.#pending.push(this.#message(topic, data))
    else if (topic === 'wallet') same.data = [data]
    else same.data.push(data)
  }

  #message(topic: PrivateTopic, data: object): Message {
    return { topic, data: [data], timeMs: this.#options.nowMs() }
  }

  #send({ topic, data, timeMs }: Message): void {
    for (const receiver of this.receivers) {
      const name = receiver.topicName(topic)
      if (name === undefined) continue
      const id = `mock_${topic}_${this.#nextId}_${timeMs}`
      receiver.sendTopic(JSON.stringify({ id, topic: name, creationTime: timeMs, data }))
    }
    this.#nextId++
    this.sent++
  }
}

function fastFields(execution: Execution): object {
  const fields = executionFields(execution)
  return {
    category: 'linear',
    symbol: fields.symbol,
    execId: execution.execId,
    execPrice: fields.execPrice,
    execQty: fields.execQty,
    orderId: fields.orderId,
    isMaker: execution.isMaker,
    // The fast stream does not know the link id of a maker.
    orderLinkId: execution.isMaker ? '' : fields.orderLinkId,
    side: sideName(execution.side),
    execTime: fields.execTime,
    seq: execution.seq,
  }
}
