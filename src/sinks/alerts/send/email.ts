import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { FiredAlert, ResolvedTarget } from '../../../alerts/types.js'
import { SinkError } from '../../errors.js'
import { pause } from '../../http/pause.js'
import { plainText } from './payload.js'
import type { AlertedRun, AlertSender } from './sender.js'

const TIMEOUT_MS = 10_000

interface SmtpError {
  readonly code?: unknown
  readonly responseCode?: unknown
}

/** Sends mails by SMTP with nodemailer, which is loaded when the first alert comes. */
export class EmailSender implements AlertSender {
  readonly #target: ResolvedTarget
  readonly #url: URL
  readonly #server: string

  constructor(target: ResolvedTarget, url: URL) {
    this.#target = target
    this.#url = url
    this.#server = `the mail server of "${target.name}" (${url.host})`
  }

  async send(alert: FiredAlert, run: AlertedRun, signal: AbortSignal): Promise<void> {
    const { createTransport } = await loadNodemailer()
    const { protocol, hostname: host, port, username, password } = this.#url
    const secure = protocol === 'smtps:'
    const transport = createTransport({
      host: host.replace(/^\[|\]$/g, ''),
      port: port === '' ? (secure ? 465 : 587) : Number(port),
      secure,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      ...(username === ''
        ? {}
        : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    })
    const abort = () => transport.close()
    signal.addEventListener('abort', abort, { once: true })
    try {
      await transport.sendMail({
        from: this.#from(),
        to: [...(this.#target.to ?? [])],
        subject: `[offstep] ${alert.title} (${run.name})`,
        text: plainText(alert, run).replaceAll('**', ''),
        date: new Date(alert.time),
        // The same for the same alert: mail programs show a message id once.
        messageId: `<${createHash('sha256').update(alert.id).digest('hex').slice(0, 32)}@offstep>`,
      })
    } catch (error) {
      throw this.#failure(error as SmtpError)
    } finally {
      signal.removeEventListener('abort', abort)
      transport.close()
    }
  }

  async close(): Promise<void> {}

  #from(): string {
    const user = decodeURIComponent(this.#url.username)
    return this.#target.from ?? (user.includes('@') ? user : `offstep@${hostname()}`)
  }

  /** Without the server's words, which may repeat a login. */
  #failure({ code, responseCode }: SmtpError): SinkError {
    const name = typeof code === 'string' ? code : 'SMTP'
    const answer = typeof responseCode === 'number' ? responseCode : null
    const says = answer === null ? `${name}` : `answers ${answer} (${name})`
    const { env } = this.#target
    if (name === 'EAUTH') return pause(name, `${this.#server} refuses the login: check ${env}`)
    if (answer !== null && answer >= 500) {
      const fix = name === 'EENVELOPE' ? 'check its "to" and "from"' : 'it does not take this mail'
      return new SinkError('reject', name, `${this.#server} ${says}: ${fix}`)
    }
    const reached = answer === null ? `cannot be reached (${says}): check ${env} and the network` : says
    return new SinkError('retry', name, `${this.#server} ${reached}`)
  }
}

async function loadNodemailer(): Promise<typeof import('nodemailer')> {
  try {
    return await import('nodemailer')
  } catch {
    throw pause('NODEMAILER', 'mails need the package nodemailer: npm install nodemailer')
  }
}
