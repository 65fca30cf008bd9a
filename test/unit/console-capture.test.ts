import { expect, onTestFinished, test } from 'vitest'
import { ConsoleCapture } from '../../src/run/console-capture.js'

/** Lines of a capture, as "stream: text". Nothing reaches the terminal while a test runs. */
function capture(): { readonly lines: string[]; readonly capture: ConsoleCapture; readonly shown: string[] } {
  const shown: string[] = []
  for (const stream of [process.stdout, process.stderr]) {
    const { write } = stream
    stream.write = ((chunk: string | Uint8Array) => {
      shown.push(String(chunk))
      return true
    }) as typeof stream.write
    onTestFinished(() => {
      stream.write = write
    })
  }
  const lines: string[] = []
  const capture = new ConsoleCapture((stream, taken) => {
    for (const { text } of taken) lines.push(`${stream}: ${text}`)
  })
  onTestFinished(() => capture.stop())
  return { lines, capture, shown }
}

test('lines come in the order in which they were printed, and go where they went before', () => {
  const { lines, capture: captured, shown } = capture()
  process.stdout.write('a\nb')
  process.stderr.write('c\n')
  process.stdout.write(Buffer.from('d\n'))
  captured.flush()
  expect(lines).toEqual(['stdout: a', 'stderr: c', 'stdout: bd'])
  expect(shown).toEqual(['a\nb', 'c\n', 'd\n'])
})

test('lines do not wait for the event loop where there are many of them', () => {
  const { lines } = capture()
  for (let i = 0; i < 1000; i++) process.stdout.write(`${'x'.repeat(100)}\n`)
  expect(lines.length).toBeGreaterThan(500)
})

test('a line without an end is cut, and a progress bar keeps what it shows last', () => {
  const { lines, capture: captured } = capture()
  for (let i = 0; i < 20_000; i++) process.stdout.write(`\r${i} of 20000`)
  process.stderr.write('y'.repeat(150_000))
  captured.stop()
  expect(lines[0]).toBe(`stderr: ${'y'.repeat(65_536)}`)
  expect(lines.map((line) => line.length - 8)).toEqual([65_536, 65_536, 14, 18_928])
  expect(lines[2]).toBe('stdout: 19999 of 20000')
})

test('what is printed after the end is not taken, and the streams are as they were', () => {
  const { write } = process.stdout
  const first = new ConsoleCapture(() => {})
  const second = new ConsoleCapture(() => {})
  first.stop()
  expect(process.stdout.write).not.toBe(write)
  second.stop()
  expect(process.stdout.write).toBe(write)
})

test('somebody who has put himself in front of the stream meanwhile stays there', () => {
  const { lines, capture: captured } = capture()
  const ours = process.stdout.write
  const heard: string[] = []
  const theirs = ((chunk: string) => {
    heard.push(chunk)
    return Reflect.apply(ours, process.stdout, [chunk])
  }) as typeof process.stdout.write
  process.stdout.write = theirs
  captured.stop()
  process.stdout.write('later\n')
  expect(process.stdout.write).toBe(theirs)
  expect(heard).toEqual(['later\n'])
  expect(lines).toEqual([])
})
