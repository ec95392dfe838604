import { type Decoder, TidemarkError, text } from 'tidemark'

/** A message of syslog as RFC 5424 has it. What is not given (`-`) is undefined. */
export interface SyslogMessage {
  /** 0 to 23; 0 is the kernel. */
  readonly facility: number
  /** 0 (emergency) to 7 (debug). */
  readonly severity: number
  /** Epoch milliseconds. */
  readonly at: number | undefined
  readonly host: string | undefined
  readonly application: string | undefined
  readonly processId: string | undefined
  readonly messageId: string | undefined
  /** The structured data, as it stands in the message. */
  readonly data: string | undefined
  readonly message: string
}

const ELEMENT = String.raw`\[(?:[^"\]]|"(?:[^"\\\]]|\\.)*")*\]`
const MESSAGE = new RegExp(
  String.raw`^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:${ELEMENT})+)(?: \uFEFF?([\s\S]*))?$`,
)
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/
const HIGHEST_PRIORITY = 191

/**
 * One message a record. Several, a line each: `lines(syslogMessage())`.
 * @throws TidemarkError RECORD_MALFORMED
 */
export function syslogMessage(): Decoder<SyslogMessage> {
  const textOf = text()
  return (bytes, record) => {
    const [, priority, time = '', host, application, processId, messageId, data, message = ''] =
      MESSAGE.exec(textOf(bytes, record)) ?? []
    const at = time === '-' || !TIME.test(time) ? undefined : Date.parse(time)
    const isTime = time === '-' || (at !== undefined && !Number.isNaN(at))
    if (priority === undefined || Number(priority) > HIGHEST_PRIORITY || !isTime) {
      throw new TidemarkError({
        code: 'RECORD_MALFORMED',
        domain: 'user',
        message: `expected a syslog message (RFC 5424), found something else (${bytes.byteLength} bytes)`,
      })
    }
    return {
      facility: Number(priority) >> 3,
      severity: Number(priority) & 7,
      at,
      host: given(host),
      application: given(application),
      processId: given(processId),
      messageId: given(messageId),
      data: given(data),
      message,
    }
  }
}

function given(field: string | undefined): string | undefined {
  return field === '-' ? undefined : field
}
