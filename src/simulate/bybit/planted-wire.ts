import type { Timers } from '../../core/timer.ts'
import type {
  HttpAnswer,
  HttpFailure,
  HttpRequest,
  SocketCalls,
  Wire,
} from '../../execution/gateway/bybit/wire.ts'
import { fieldsIn, parseFields, textIn } from '../../execution/gateway/bybit/wire-fields.ts'
import type { PlantedBug } from '../planted-bugs.ts'

const AT_ONCE_MS = 500

/** Requests and sockets with mistakes put in (planted-bugs.ts), as libraries make them. */
export class PlantedWire implements Wire {
  readonly #inner: Wire
  readonly #bugs: ReadonlySet<PlantedBug>
  readonly #timers: Timers
  /** The last good one of each path. */
  readonly #lists = new Map<string, HttpAnswer>()
  /** Frames of order entry without an answer, by request id. */
  readonly #unanswered = new Map<string, string>()

  constructor(inner: Wire, bugs: ReadonlySet<PlantedBug>, timers: Timers) {
    this.#inner = inner
    this.#bugs = bugs
    this.#timers = timers
  }

  readonly http: Wire['http'] = async (request, signal) => {
    const coming = this.#inner.http(request, signal)
    if (request.method === 'GET') return this.#spoilList(request, await coming)
    if (this.#bugs.has('wire_sends_again')) {
      const cancel = this.#timers.after(
        AT_ONCE_MS,
        () => void this.#inner.http(request, new AbortController().signal),
      )
      const answer = await coming
      cancel()
      return answer
    }
    const isOrder = request.url.endsWith('/v5/order/create')
    if (!isOrder || !this.#bugs.has('wire_timeout_refused')) return coming
    const refused = new Promise<HttpAnswer>((resolve) => {
      this.#timers.after(AT_ONCE_MS, () => resolve(answerOf({ retCode: 110003 })))
    })
    return Promise.race([coming, refused])
  }

  readonly openSocket: Wire['openSocket'] = (url, calls) => {
    const isPrivate = url.endsWith('/v5/private')
    const keeps = !isPrivate && this.#bugs.has('wire_keeps_frames')
    const hides = isPrivate && this.#bugs.has('wire_hides_closes')
    const spoiled: SocketCalls = {
      ...calls,
      onClose: (reason) => {
        if (!hides) calls.onClose(reason)
      },
      onText: (text) => {
        const frame = parseFields(text) ?? {}
        this.#unanswered.delete(textIn(frame, 'reqId'))
        calls.onText(text)
        if (keeps && frame.op === 'auth') {
          for (const kept of this.#unanswered.values()) socket.send(kept)
        }
      },
    }
    const socket = this.#inner.openSocket(url, spoiled)
    return {
      send: (text) => {
        const frame = parseFields(text) ?? {}
        if (keeps && textIn(frame, 'op').startsWith('order.')) {
          this.#unanswered.set(textIn(frame, 'reqId'), text)
        }
        const hasLeft = socket.send(text)
        if (hides && !hasLeft) calls.onText('{"op":"pong"}')
        return hides || hasLeft
      },
      terminate: () => socket.terminate(),
    }
  }

  #spoilList({ url }: HttpRequest, answer: HttpAnswer | HttpFailure): HttpAnswer | HttpFailure {
    const { pathname } = new URL(url)
    const fields = 'failure' in answer ? undefined : parseFields(answer.text ?? '')
    const isGood = fields?.retCode === 0
    if (this.#bugs.has('wire_old_lists') && pathname !== '/v5/market/time') {
      if (isGood && !('failure' in answer)) this.#lists.set(pathname, answer)
      return this.#lists.get(pathname) ?? answer
    }
    if (!this.#bugs.has('wire_first_page') || fields === undefined) return answer
    const result = { ...fieldsIn(fields, 'result'), nextPageCursor: '' }
    return isGood ? answerOf({ ...fields, result }) : answer
  }
}

function answerOf(fields: Readonly<Record<string, unknown>>): HttpAnswer {
  return { status: 200, text: JSON.stringify(fields), header: () => '' }
}
