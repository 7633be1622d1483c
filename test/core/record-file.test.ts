import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { crc32c } from '../../src/core/crc32c.ts'
import { RecordTailer, type ScanEnd, scanRecords } from '../../src/core/record-file.ts'
import { SEGMENT_HEADER_BYTES } from '../../src/core/record-format.ts'
import { fileStorage } from '../../src/core/record-storage.ts'
import { cutTornTail, RecordWriter } from '../../src/core/record-writer.ts'
import { temporaryFolder } from '../temporary-folder.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder('records')
})

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const place = () => ({ folder, name: 'journal' })
const lastFile = () => join(folder, readdirSync(folder).sort().at(-1) ?? '')

function scan(): { texts: string[]; result: ReturnType<typeof scanRecords> } {
  const texts: string[] = []
  const result = scanRecords(place(), (record) => {
    texts.push(text(record.payload))
    return undefined
  })
  return { texts, result }
}

function end(): ScanEnd {
  const { result } = scan()
  if (!result.ok) expect.fail(result.message)
  if (result.value.torn !== undefined) expect(cutTornTail(result.value.torn).ok).toBe(true)
  return result.value
}

async function openWriter(segmentBytesMax = 1 << 20, queueRecordsMax = 1000) {
  const before = end()
  const run = before.lastRun + 1
  const opened = await RecordWriter.open(
    { place: place(), run, segmentBytesMax, queueRecordsMax, clock: systemClock },
    before,
  )
  if (!opened.ok) expect.fail(opened.message)
  return opened.value
}

function append(writer: RecordWriter, payload: string): void {
  const appended = writer.append(1, new TextEncoder().encode(payload))
  expect(appended.ok).toBe(true)
}

async function write(batches: readonly (readonly string[])[], segmentBytesMax?: number) {
  const writer = await openWriter(segmentBytesMax)
  for (const batch of batches) {
    for (const payload of batch) append(writer, payload)
    expect((await writer.flush()).ok).toBe(true)
  }
  expect((await writer.close()).ok).toBe(true)
}

describe('crc32c', () => {
  it('agrees with the check value of the polynomial and with itself in parts', () => {
    const bytes = new TextEncoder().encode('123456789')
    expect(crc32c(bytes, 0, 9)).toBe(0xe3069283)
    expect(crc32c(bytes, 4, 9, crc32c(bytes, 0, 4))).toBe(0xe3069283)
  })
})

describe('a record file', () => {
  it('makes durable what the last run left before it writes anything', async () => {
    await write([['a', 'b']])
    const last = lastFile()
    const done: string[] = []
    const opened = await RecordWriter.open(
      {
        place: place(),
        run: 2,
        segmentBytesMax: 1 << 20,
        queueRecordsMax: 10,
        clock: systemClock,
        storage: {
          ...fileStorage,
          persist: (path) => done.push(`persist ${path}`),
          create: (path, bytes) => {
            done.push(`create ${path}`)
            fileStorage.create(path, bytes)
          },
        },
      },
      end(),
    )
    expect(opened.ok).toBe(true)
    expect(done).toEqual([`persist ${last}`, `create ${lastFile()}`])
    expect(lastFile()).not.toBe(last)
    if (opened.ok) await opened.value.close()
  })

  it('gives back what was flushed, over runs and segments', async () => {
    await write([['a', 'b'], ['c']])
    await write([['d'], ['e'.repeat(300)], ['f'.repeat(300)]], 400)
    const { texts, result } = scan()
    expect(texts).toEqual(['a', 'b', 'c', 'd', 'e'.repeat(300), 'f'.repeat(300)])
    expect(result).toMatchObject({ ok: true, value: { lastSequence: 6, lastRun: 2 } })
    expect(readdirSync(folder).length).toBeGreaterThanOrEqual(3)
  })

  it('shares one sync among the records queued while another runs', async () => {
    const before = end()
    const syncs: number[] = []
    const opened = await RecordWriter.open(
      {
        place: place(),
        run: 1,
        segmentBytesMax: 1 << 20,
        queueRecordsMax: 1000,
        clock: systemClock,
        onSync: (records) => syncs.push(records),
      },
      before,
    )
    if (!opened.ok) expect.fail(opened.message)
    const writer = opened.value
    append(writer, 'first')
    const flushes = [writer.flush()]
    for (let i = 0; i < 50; i++) {
      append(writer, `${i}`)
      flushes.push(writer.flush())
    }
    for (const flushed of await Promise.all(flushes)) expect(flushed.ok).toBe(true)
    expect(syncs).toEqual([1, 50])
    await writer.close()
  })

  it('refuses more records than its queue has room for', async () => {
    const writer = await openWriter(1 << 20, 2)
    append(writer, 'a')
    append(writer, 'b')
    expect(writer.append(1, new Uint8Array(1))).toMatchObject({
      ok: false,
      code: 'journal_unavailable',
    })
    await writer.close()
    expect(scan().texts).toEqual(['a', 'b'])
  })

  it('accepts nothing more after a failed write', async () => {
    const writer = await openWriter()
    append(writer, 'a')
    await writer.close()
    append(writer, 'lost')
    expect((await writer.flush()).ok).toBe(false)
    expect(writer.append(1, new Uint8Array(1)).ok).toBe(false)
    expect(scan().texts).toEqual(['a'])
  })

  it('drops a last batch torn at any byte, and continues after it', async () => {
    await write([['one', 'two'], ['three']])
    const whole = readFileSync(lastFile())
    const file = lastFile()
    const lastBytes = 24 + 'three'.length
    for (let cut = whole.length - lastBytes; cut < whole.length; cut++) {
      writeFileSync(file, whole.subarray(0, cut))
      const { texts, result } = scan()
      expect(texts).toEqual(['one', 'two'])
      if (!result.ok) expect.fail(result.message)
      expect(result.value.torn?.offset).toBe(
        cut === whole.length - lastBytes ? undefined : whole.length - lastBytes,
      )
    }
    await write([['four']])
    expect(scan().texts).toEqual(['one', 'two', 'four'])
    expect(scan().result).toMatchObject({ ok: true, value: { lastSequence: 3 } })
  })

  it('recovers from a segment whose header was torn', async () => {
    await write([['one']])
    const whole = readFileSync(lastFile())
    for (const length of [0, 1, SEGMENT_HEADER_BYTES - 1]) {
      const file = join(folder, 'journal-00000002.rec')
      writeFileSync(file, whole.subarray(0, length))
      const { result } = scan()
      expect(result).toMatchObject({ ok: true, value: { lastSegment: 1, torn: { offset: 0 } } })
    }
    await write([['two']])
    expect(scan().texts).toEqual(['one', 'two'])
  })

  it('names file and offset of every flipped byte of a record that was durable', async () => {
    await write([['one'], ['two'], ['three']])
    const file = lastFile()
    const whole = readFileSync(file)
    const firstEnd = SEGMENT_HEADER_BYTES + 24 + 'one'.length
    for (let at = 0; at < firstEnd + 24 + 'two'.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at] ^= 0x41
      writeFileSync(file, damaged)
      const { result } = scan()
      const offset = at < SEGMENT_HEADER_BYTES ? 0 : at < firstEnd ? SEGMENT_HEADER_BYTES : firstEnd
      expect(result).toMatchObject({ ok: false, code: 'journal_corrupt' })
      if (!result.ok) expect(result.message).toContain(`${file}: offset ${offset}:`)
    }
  })

  it('takes a damaged record in the middle of the last batch for a tear: it was never durable', async () => {
    await write([['one'], ['two', 'three', 'four']])
    const file = lastFile()
    const damaged = readFileSync(file)
    damaged[SEGMENT_HEADER_BYTES + 24 + 3 + 25] ^= 1
    writeFileSync(file, damaged)
    expect(scan().texts).toEqual(['one'])
    expect(scan().result.ok).toBe(true)
  })

  it('refuses any damage in a segment that is not the last, and a missing segment', async () => {
    await write([['one'], ['two']])
    const first = lastFile()
    await write([['three']])
    const whole = readFileSync(first)
    writeFileSync(first, whole.subarray(0, whole.length - 1))
    expect(scan().result).toMatchObject({ ok: false, code: 'journal_corrupt' })
    rmSync(first)
    expect(scan().result).toMatchObject({ ok: false, code: 'journal_corrupt' })
  })
})

describe('a tailer', () => {
  const read = (tailer: RecordTailer, max = 100) => {
    const records = tailer.read(max)
    if (!records.ok) expect.fail(records.message)
    return records.value.map((record) => `${record.sequence}:${text(record.payload)}`)
  }

  it('follows the writer over segments and runs, a record at a time or many', async () => {
    const tailer = new RecordTailer(place())
    expect(read(tailer)).toEqual([])
    const writer = await openWriter(200)
    for (let i = 1; i <= 20; i++) {
      append(writer, `record ${i}`)
      await writer.flush()
      expect(read(tailer)).toEqual([`${i}:record ${i}`])
    }
    await writer.close()
    await write([['x'], ['y']])
    expect(read(tailer, 1)).toEqual(['21:x'])
    expect(read(tailer, 1)).toEqual(['22:y'])
    expect(read(tailer, 1)).toEqual([])
    const late = new RecordTailer(place(), 19)
    expect(read(late)).toEqual(['20:record 20', '21:x', '22:y'])
    tailer.close()
    late.close()
  })

  it('waits at an incomplete record and goes on when the rest has come', async () => {
    await write([['one'], ['two']])
    const file = lastFile()
    const whole = readFileSync(file)
    const tailer = new RecordTailer(place())
    for (let length = SEGMENT_HEADER_BYTES; length < whole.length - 27; length++) {
      writeFileSync(file, whole.subarray(0, length))
      expect(read(tailer)).toEqual([])
    }
    writeFileSync(file, whole)
    expect(read(tailer)).toEqual(['1:one', '2:two'])
    tailer.close()
  })

  it('says that the file was rewound when it holds less than was read before', async () => {
    await write([['one']])
    expect(new RecordTailer(place(), 5).read(1)).toMatchObject({
      ok: false,
      code: 'journal_rewound',
    })
  })

  it('reports damage instead of waiting for ever', async () => {
    await write([['one'], ['two'], ['three']])
    const file = lastFile()
    const bytes = readFileSync(file)
    bytes[SEGMENT_HEADER_BYTES + 25] ^= 1
    writeFileSync(file, bytes)
    expect(new RecordTailer(place()).read(1)).toMatchObject({
      ok: false,
      code: 'journal_corrupt',
    })
  })
})
