import type { SimOrder } from './sim-order.ts'

/**
 * What is wrong about an order for the rest of another, when it comes to the exchange: with what the
 * first has got there it may not be more than was ever wanted. Undefined: nothing.
 */
export function restProblem(rest: SimOrder, first: SimOrder | undefined): string | undefined {
  const id = rest.wire.orderLinkId
  if (first === undefined) return `${id} is for the rest of an order that never came`
  if (first.state === 'open') return `${id} came while ${first.wire.orderLinkId} was open`
  const wanted = Math.max(first.wire.lots, ...first.history.map(({ lots }) => lots))
  const excess = first.filledLots + rest.lots - wanted
  return excess > 0 ? `${id} is ${excess} lots more than what was left` : undefined
}
