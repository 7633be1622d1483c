import type { CancelReply } from '../gateway.ts'
import type { RestLink } from './rest-link.ts'
import { type Fields, fieldsIn, numberIn } from './wire-fields.ts'

/**
 * Whether the key may do what it is for, and nothing that it is not for: it has to trade contracts,
 * and a key that can take money away is refused whoever asks.
 */
export async function checkKey(rest: RestLink): Promise<CancelReply> {
  const path = '/v5/user/query-api'
  const reply = await rest.call({ method: 'GET', path, callClass: 'setting', params: {} })
  const { code } = reply.verdict
  if (reply.verdict.class === 'auth') return { kind: 'rejected', code, message: reply.message }
  if (reply.verdict.class !== 'ok') return { kind: 'unknown', message: reply.message }
  const complaint = keyComplaint(reply.result)
  if (complaint === undefined) return { kind: 'accepted' }
  return { kind: 'rejected', code: 'exchange_auth', message: complaint }
}

/** What is wrong with the rights of a key; undefined: nothing. */
export function keyComplaint(key: Fields): string | undefined {
  const permissions = fieldsIn(key, 'permissions')
  const has = (group: string, right: string) => {
    const rights = permissions[group]
    return Array.isArray(rights) && rights.includes(right)
  }
  if (numberIn(key, 'readOnly') !== 0) return 'the key may only read: it needs the right to trade'
  if (has('Wallet', 'Withdraw')) return 'the key may withdraw: take that right away from it'
  if (!has('ContractTrade', 'Order') || !has('ContractTrade', 'Position')) {
    return 'the key needs the rights to orders and positions of contracts'
  }
  return undefined
}
