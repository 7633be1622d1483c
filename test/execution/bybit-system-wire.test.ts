import dns from 'node:dns'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { systemWire } from '../../src/execution/gateway/bybit/system-wire.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** `HOST:PORT` of a server that ends with the test. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return hostOf(server.address())
}

function hostOf(address: AddressInfo | string | null): string {
  return typeof address === 'object' ? `127.0.0.1:${address?.port}` : ''
}

/** Where nobody listens. */
async function closedHost(): Promise<string> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const host = hostOf(server.address())
  await new Promise((resolve) => server.close(resolve))
  return host
}

/** As most hosts of exchanges: one name, more than one address. */
function nameTwoAddresses(): void {
  const addresses = [1, 2].map((last) => ({ address: `127.0.0.${last}`, family: 4 }))
  vi.spyOn(dns, 'lookup').mockImplementation(
    Object.assign((...args: readonly unknown[]) => {
      const told = args[args.length - 1]
      if (typeof told === 'function') told(null, addresses)
    }, dns.lookup),
  )
}

function get(url: string, signal = new AbortController().signal) {
  return systemWire.http({ method: 'GET', url, headers: {}, body: undefined }, signal)
}

describe('a request', () => {
  it('gives back status, headers and text, and leaves its body and headers as they are', async () => {
    const told: unknown[] = []
    const host = await serve((request, response) => {
      const { headers, method, url } = request
      request.on('data', (bytes: Buffer) => {
        told.push(method, url, headers['x-bapi-sign'], bytes.toString())
        response.writeHead(201, { 'X-Bapi-Limit-Status': '7' }).end('{"retCode":0}')
      })
    })
    const answer = await systemWire.http(
      {
        ...{ method: 'POST', url: `http://${host}/v5/order/create` },
        ...{ headers: { 'X-BAPI-SIGN': 'abc' }, body: '{"qty":"1"}' },
      },
      new AbortController().signal,
    )
    expect(told).toEqual(['POST', '/v5/order/create', 'abc', '{"qty":"1"}'])
    if ('failure' in answer) throw new Error(answer.failure)
    expect(answer.status).toBe(201)
    expect(answer.text).toBe('{"retCode":0}')
    expect(answer.header('x-bapi-limit-status')).toBe('7')
    expect(answer.header('x-bapi-other')).toBe('')
  })

  it.each([301, 302, 307, 308])('follows no redirect %i, and fails', async (status) => {
    let requests = 0
    const host = await serve((_request, response) => {
      requests++
      response.writeHead(status, { location: '/again' }).end()
    })
    expect(await get(`http://${host}/`)).toEqual({ failure: expect.stringMatching(/redirect/) })
    expect(requests).toBe(1)
  })

  it('says of a body that never would end only that it is too long', async () => {
    const chunk = Buffer.alloc(1 << 20, 0x20)
    const host = await serve((_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', write)
      write()
    })
    expect(await get(`http://${host}/`)).toMatchObject({ status: 200, text: undefined })
  })

  it.each(['before it is answered', 'amid its body'])('fails when aborted %s', async (when) => {
    const abort = new AbortController()
    const host = await serve((_request, response) => {
      if (when === 'amid its body') response.write('{"retCode":')
      setTimeout(() => abort.abort(), 30)
    })
    expect(await get(`http://${host}/`, abort.signal)).toEqual({
      failure: expect.stringMatching(/abort/),
    })
  })

  it('does not leave when it is aborted before', async () => {
    let requests = 0
    const host = await serve((_request, response) => {
      requests++
      response.end()
    })
    expect(await get(`http://${host}/`, AbortSignal.abort())).toHaveProperty('failure')
    expect(requests).toBe(0)
  })

  it('fails when the answer breaks off, and when the address is none', async () => {
    const host = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"retCode":', () => response.destroy())
    })
    expect(await get(`http://${host}/`)).toHaveProperty('failure')
    expect(await get('no address')).toHaveProperty('failure')
  })

  it('names why none of the addresses of a host could be reached', async () => {
    const [, port] = (await closedHost()).split(':')
    nameTwoAddresses()
    expect(await get(`http://exchange.test:${port}/`)).toEqual({
      failure: `connect ECONNREFUSED 127.0.0.1:${port}; connect ECONNREFUSED 127.0.0.2:${port}`,
    })
  })
})

type Told = 'open' | `text ${string}` | `close ${string}`

/** What a socket told, in order; `closed` when it said that it is. */
function open(url: string) {
  const told: Told[] = []
  let onOpen = () => {}
  const opened = new Promise<void>((resolve) => {
    onOpen = resolve
  })
  let onClose = () => {}
  const closed = new Promise<void>((resolve) => {
    onClose = resolve
  })
  const socket = systemWire.openSocket(url, {
    onOpen: () => {
      told.push('open')
      onOpen()
    },
    onText: (text) => {
      told.push(`text ${text}`)
    },
    onClose: (reason) => {
      told.push(`close ${reason}`)
      onClose()
    },
  })
  return { closed, opened, socket, told }
}

/** Says again what it hears; `bye` makes it go. */
async function echo(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  server.on('connection', (client) => {
    client.on('message', (bytes) => {
      if (bytes.toString() === 'bye') client.close(1012)
      else client.send(bytes.toString())
    })
  })
  return `ws://${hostOf(server.address())}`
}

describe('a socket', () => {
  it('sends when it is open, and says that nothing left before and after', async () => {
    const { closed, opened, socket, told } = open(await echo())
    expect(socket.send('early')).toBe(false)
    await opened
    expect(socket.send('one')).toBe(true)
    expect(socket.send('bye')).toBe(true)
    await closed
    expect(socket.send('late')).toBe(false)
    expect(told).toEqual(['open', 'text one', 'close closed, 1012'])
  })

  it('leaves nothing when it is on its way to its end', async () => {
    const { closed, opened, socket } = open(await echo())
    await opened
    socket.terminate()
    expect(socket.send('late')).toBe(false)
    await closed
  })

  it('cut in its handshake ends without a word of it to the process', async () => {
    const host = await serve(() => {})
    const { closed, socket, told } = open(`ws://${host}`)
    socket.terminate()
    expect(told).toEqual([])
    await closed
    expect(told).toEqual([expect.stringMatching(/^close .*before the connection/)])
  })

  it.each([
    [401, 'Unexpected server response: 401'],
    [200, 'Unexpected server response: 200'],
  ])('that is answered %i in its handshake is closed once', async (status, reason) => {
    const host = await serve((_request, response) => {
      response.writeHead(status).end()
    })
    const { closed, told } = open(`ws://${host}`)
    await closed
    expect(told).toEqual([`close ${reason}`])
  })

  it('names why none of the addresses of a host could be reached', async () => {
    const [, port] = (await closedHost()).split(':')
    nameTwoAddresses()
    const { closed, told } = open(`ws://exchange.test:${port}`)
    await closed
    expect(told).toEqual([
      `close connect ECONNREFUSED 127.0.0.1:${port}; connect ECONNREFUSED 127.0.0.2:${port}`,
    ])
  })

  it('is not opened to what is no address', () => {
    expect(() => open('no address')).toThrow()
  })
})
