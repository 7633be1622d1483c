/** The way to the exchange as bytes: the system's, or one on a virtual clock. */
export type Wire = Readonly<{ http: Http; openSocket: OpenSocket }>

export type HttpRequest = Readonly<{
  method: 'GET' | 'POST'
  url: string
  headers: Readonly<Record<string, string>>
  body: string | undefined
}>

/** `text`: the whole body; undefined: it is longer than any answer of the exchange. */
export type HttpAnswer = Readonly<{
  status: number
  text: string | undefined
  /** Empty when it is absent. */
  header: (name: string) => string
}>

/** No whole answer came; nobody knows whether the request arrived. */
export type HttpFailure = Readonly<{ failure: string }>

/**
 * One attempt, whatever comes of it; no redirect is followed. It never rejects, and fails at once
 * when the signal is aborted.
 */
export type Http = (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer | HttpFailure>

/**
 * What a socket tells, never from within a call of ours: `onOpen` at most once, `onClose` once,
 * nothing after it.
 */
export type SocketCalls = Readonly<{
  onOpen: () => void
  onText: (text: string) => void
  onClose: (reason: string) => void
}>

export type Socket = {
  /** False: it is not open, and nothing left. What fails later is told by `onClose`. */
  send(text: string): boolean
  /** Without a goodbye. */
  terminate(): void
}

/** Throws when the address is none. */
export type OpenSocket = (url: string, calls: SocketCalls) => Socket
