/**
 * The WebSocket of the client library: the platform's own in browsers and from Node 22 on, the `ws`
 * package before. Both are the same interface, of which these few members are used.
 */
export type ClientSocket = {
  binaryType: string
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  onerror: ((event: unknown) => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
}

/** Opens a socket to `url`; undefined when the platform has none, or the address is none. */
export type OpenSocket = (
  url: string,
  protocols: readonly string[],
) => Promise<ClientSocket | undefined>

type SocketClass = new (url: string, protocols: readonly string[]) => ClientSocket

export const openPlatformSocket: OpenSocket = async (url, protocols) => {
  const own: unknown = Reflect.get(globalThis, 'WebSocket')
  const found: unknown = own ?? (await loadWs())
  if (!isSocketClass(found)) return undefined
  try {
    return new found(url, protocols)
  } catch {
    return undefined // not an address
  }
}

async function loadWs(): Promise<unknown> {
  try {
    const library = await import('ws')
    return library.WebSocket
  } catch {
    return undefined
  }
}

function isSocketClass(value: unknown): value is SocketClass {
  return typeof value === 'function'
}
