/** Messages of the exchange as JSON.parse gives them, for streams that tests read or make. */
export type RawBook = {
  topic: string
  type: string
  ts: number
  cts?: number | undefined
  data: { s: string; b: [string, string][]; a: [string, string][]; u: number; seq?: number }
}

export type RawTrade = {
  T: number
  s: string
  S: string
  v: string
  p: string
  i: string
  BT?: boolean
  RPI?: boolean
  seq?: number
}

export type RawTrades = { topic: string; type: string; ts: number; data: RawTrade[] }

export type RawMessage = RawBook | RawTrades

export function isRawBook(message: RawMessage): message is RawBook {
  return message.topic.startsWith('orderbook.')
}

export function parseRawMessage(line: string): RawMessage {
  return JSON.parse(line)
}

export function symbolOf(message: RawMessage): string {
  return message.topic.slice(message.topic.lastIndexOf('.') + 1)
}

export function depthOf(message: RawBook): number {
  return Number(message.topic.split('.')[1])
}
