import type { HttpResponse } from '../http-endpoint.js'

/** Where a subscription writes to: the body of one answer, HTTP/1.1 or HTTP/2. */
export interface EventSink {
  /** Aborts when the client has gone, or what stands between. */
  readonly closed: AbortSignal
  /** Resolves when the connection has room for more, or is closed: a reader that is slow slows the writer. */
  write(message: Buffer): Promise<void>
  end(): void
  /** Breaks the connection (HTTP/2: the stream on it) in the middle. */
  reset(): void
}

const INTERNAL_ERROR = 2

export function eventSink(response: HttpResponse): EventSink {
  const closing = new AbortController()
  response.once('close', () => closing.abort())
  response.on('error', () => closing.abort())
  if ('stream' in response ? response.stream.destroyed : response.destroyed) closing.abort()
  return {
    closed: closing.signal,
    write(message) {
      if (closing.signal.aborted) return Promise.resolve()
      // The two kinds of response share the signature, but not the type that has it.
      const hasRoom = (response as { write(chunk: Buffer): boolean }).write(message)
      if (hasRoom) return Promise.resolve()
      return new Promise((resolve) => {
        const settle = (): void => {
          response.off('drain', settle)
          closing.signal.removeEventListener('abort', settle)
          resolve()
        }
        response.once('drain', settle)
        closing.signal.addEventListener('abort', settle)
      })
    },
    end: () => void response.end(),
    reset: () => reset(response),
  }
}

/** Other calls share an HTTP/2 connection, so only the stream goes there. */
export function reset(response: HttpResponse): void {
  if ('stream' in response) response.stream.close(INTERNAL_ERROR)
  else response.socket?.resetAndDestroy()
}
