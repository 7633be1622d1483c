import { createHmac } from 'node:crypto'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { lockAccount } from '../../src/execution/gateway/bybit/account-lock.ts'
import { Credentials, readableByOthers } from '../../src/execution/gateway/bybit/credentials.ts'
import { keyComplaint } from '../../src/execution/gateway/bybit/key-check.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const folder = () => temporaryFolder('account')

describe('the lock of an account', () => {
  it('refuses a second holder by whatever host of the exchange, until the first lets go', () => {
    const place = folder()
    const key = new Credentials('key', 'secret')
    const first = lockAccount(key, 'https://api.bybit.com', place)
    if (!first.ok) return expect.unreachable(first.message)
    const second = lockAccount(key, 'https://api.bybit.eu', place)
    expect(second).toMatchObject({ ok: false, code: 'account_locked' })
    expect(lockAccount(new Credentials('b', 'secret'), 'https://api.bybit.com', place).ok).toBe(
      true,
    )
    first.value.release()
    expect(lockAccount(key, 'https://api.bybit.eu', place).ok).toBe(true)
  })

  it('lies where every user of the machine may lock, and none take away', () => {
    const place = join(folder(), 'accounts')
    expect(lockAccount(new Credentials('key', 's'), 'https://api.bybit.com', place).ok).toBe(true)
    expect(statSync(place).mode & 0o7777).toBe(0o1777)
  })

  it('takes two mocks of this machine for two accounts', () => {
    const place = folder()
    const key = new Credentials('key', 'secret')
    expect(lockAccount(key, 'http://127.0.0.1:8090', place).ok).toBe(true)
    expect(lockAccount(key, 'http://127.0.0.1:8091', place).ok).toBe(true)
    expect(lockAccount(key, 'http://127.0.0.1:8090', place).ok).toBe(false)
  })
})

describe('the key of an account', () => {
  it('is read from two files, and shown by nothing', () => {
    const place = folder()
    const [keyFile, secretFile] = [join(place, 'key'), join(place, 'secret')]
    writeFileSync(keyFile, 'the-key\n')
    writeFileSync(secretFile, 'the-secret\n')
    for (const file of [keyFile, secretFile]) chmodSync(file, 0o600)
    expect(readableByOthers([keyFile, secretFile])).toEqual([])
    chmodSync(secretFile, 0o604)
    expect(readableByOthers([keyFile, secretFile])).toEqual([secretFile])
    const read = Credentials.read(keyFile, secretFile)
    if (!read.ok) return expect.unreachable(read.message)
    const { value } = read
    const wanted = createHmac('sha256', 'the-secret').update('a').digest('hex')
    expect(value.sign('a')).toBe(wanted)
    const shown = [JSON.stringify({ value }), inspect(value, { depth: 9, showHidden: true })]
    shown.push(String(Object.values({ ...value })), JSON.stringify(structuredClone(value)))
    for (const text of shown) expect(text).not.toContain('the-secret')
  })

  it('is refused with the name of the file and none of its text', () => {
    const place = folder()
    const [empty, two] = [join(place, 'empty'), join(place, 'two')]
    writeFileSync(empty, '')
    writeFileSync(two, 'not one-word')
    for (const file of [empty, two, place, join(place, 'missing')]) {
      const read = Credentials.read(file, file)
      expect(read).toMatchObject({ ok: false, code: 'secret_unreadable' })
      if (read.ok) continue
      expect(read.message).toContain(file)
      expect(read.message).not.toContain('one-word')
    }
  })

  it('has the rights to trade, and none to take money away', () => {
    const rights = { ContractTrade: ['Order', 'Position'], Wallet: ['AccountTransfer'] }
    expect(keyComplaint({ readOnly: 0, permissions: rights })).toBe(undefined)
    expect(keyComplaint({ readOnly: 1, permissions: rights })).toContain('only read')
    const rich = { ...rights, Wallet: ['Withdraw'] }
    expect(keyComplaint({ readOnly: 0, permissions: rich })).toContain('may withdraw')
    const poor = { ...rights, ContractTrade: ['Order'] }
    expect(keyComplaint({ readOnly: 0, permissions: poor })).toContain('needs the rights')
    expect(keyComplaint({})).toContain('only read')
  })
})
