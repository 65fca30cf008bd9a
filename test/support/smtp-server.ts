import net, { type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  /** Head and body as they came, lines ended with \n. */
  readonly data: string
}

/** What RFC 5321 asks of a server that takes mails, and AUTH PLAIN (RFC 4954); on loopback, in the clear. */
export class SmtpServer {
  readonly mails: Mail[] = []
  /** Answers to the end of a mail, one each, in place of 250. */
  readonly script: string[] = []
  /** Recipients that are not known. */
  readonly unknown = new Set<string>()
  #user = ''
  #password = ''
  readonly #sockets = new Set<Socket>()
  readonly #server = net.createServer((socket) => this.#serve(socket))

  /** With its login, where `require()` was called. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    const login = this.#user === '' ? '' : `${encodeURIComponent(this.#user)}:${this.#password}@`
    return `smtp://${login}127.0.0.1:${port}`
  }

  /** Takes no mail without this login. */
  require(user: string, password: string): void {
    this.#user = user
    this.#password = password
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // A client that goes away in the middle of something.
    socket.on('error', () => {})
    const session = new Session(this, (line) => socket.write(`${line}\r\n`))
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        if (line.toUpperCase() === 'QUIT') socket.end('221 bye\r\n')
        else session.take(line)
      }
    })
  }

  get needsLogin(): boolean {
    return this.#user !== ''
  }

  accepts(plain: string): boolean {
    const [, user, password] = Buffer.from(plain, 'base64').toString('utf8').split('\0')
    return user === this.#user && password === this.#password
  }
}

class Session {
  readonly #server: SmtpServer
  readonly #say: (line: string) => void
  #loggedIn: boolean
  #from = ''
  #to: string[] = []
  #data: string[] | null = null

  constructor(server: SmtpServer, say: (line: string) => void) {
    this.#server = server
    this.#say = say
    this.#loggedIn = !server.needsLogin
    say('220 test ESMTP')
  }

  take(line: string): void {
    if (this.#data !== null) this.#takeData(this.#data, line)
    else this.#command(line)
  }

  #command(line: string): void {
    const [verb, argument = ''] = [line.slice(0, 4).toUpperCase(), line.slice(5)]
    if (verb === 'EHLO') {
      this.#say('250-test')
      this.#say(this.#server.needsLogin ? '250 AUTH PLAIN' : '250 8BITMIME')
    } else if (verb === 'AUTH') {
      this.#loggedIn = this.#server.accepts(argument.split(' ')[1] ?? '')
      this.#say(this.#loggedIn ? '235 ok' : '535 wrong login, and here it is again')
    } else if (!this.#loggedIn) this.#say('530 log in first')
    else if (verb === 'MAIL') this.#set(() => (this.#from = addressIn(argument)))
    else if (verb === 'RCPT') this.#recipient(addressIn(argument))
    else if (verb === 'DATA') {
      this.#data = []
      this.#say('354 go on')
    } else this.#say('250 ok')
  }

  #recipient(address: string): void {
    if (this.#server.unknown.has(address)) this.#say('550 nobody has this name')
    else this.#set(() => this.#to.push(address))
  }

  #set(change: () => unknown): void {
    change()
    this.#say('250 ok')
  }

  #takeData(data: string[], line: string): void {
    if (line !== '.') {
      data.push(line.startsWith('.') ? line.slice(1) : line)
      return
    }
    const answer = this.#server.script.shift() ?? '250 taken'
    if (answer.startsWith('2'))
      this.#server.mails.push({ from: this.#from, to: this.#to, data: data.join('\n') })
    this.#data = null
    this.#to = []
    this.#say(answer)
  }
}

const addressIn = (argument: string): string => /<([^>]*)>/.exec(argument)?.[1] ?? ''

/** A server that is closed when the test is over. */
export async function startSmtpServer(): Promise<SmtpServer> {
  const server = new SmtpServer()
  await server.listen()
  onTestFinished(() => server.close())
  return server
}
