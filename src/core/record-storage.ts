import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * What record files lie on. Every call may fail with an exception, as those of a file system do;
 * the reader and the writer make values of them. The file system is one, the disk of a simulation
 * another.
 */
export type RecordStorage = {
  /** Names of the files in a folder, in any order. */
  list(folder: string): readonly string[]
  read(path: string): Buffer
  /** A new file, durable with its name before this returns; fails when there is one. */
  create(path: string, bytes: Buffer): void
  open(path: string): Promise<RecordOutput>
  /**
   * Makes a file durable that an earlier process left, by writing it again: after a sync that failed
   * the kernel may hold pages for clean that never reached the disk.
   */
  persist(path: string): void
  /** Durable before this returns, as `remove` is not: what it takes away may come back. */
  truncate(path: string, bytes: number): void
  remove(path: string): void
}

export type RecordOutput = {
  /** Writes `length` bytes of `buffer` from `from` on to place `at`; answers how many it wrote. */
  write(buffer: Buffer, from: number, length: number, at: number): Promise<number>
  /** Resolves when everything written is durable. */
  sync(): Promise<void>
  close(): Promise<void>
}

export const fileStorage: RecordStorage = {
  list: (folder) => readdirSync(folder),
  read: (path) => readFileSync(path),
  create: (path, bytes) => {
    const file = openSync(path, 'wx')
    writeSync(file, bytes)
    fsyncSync(file)
    closeSync(file)
    const folder = openSync(dirname(path), 'r')
    fsyncSync(folder)
    closeSync(folder)
  },
  open: async (path) => {
    const file = await open(path, 'r+')
    return {
      write: async (buffer, from, length, at) =>
        (await file.write(buffer, from, length, at)).bytesWritten,
      sync: () => file.datasync(),
      close: () => file.close(),
    }
  },
  persist: (path) => {
    const bytes = readFileSync(path)
    const file = openSync(path, 'r+')
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at)
    fsyncSync(file)
    closeSync(file)
  },
  truncate: (path, bytes) => {
    const file = openSync(path, 'r+')
    ftruncateSync(file, bytes)
    fsyncSync(file)
    closeSync(file)
  },
  remove: (path) => unlinkSync(path),
}
