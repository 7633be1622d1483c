/**
 * What must hold at every step of every history, or at its end when all is quiet. A number is never
 * given to another rule.
 */
export const INVARIANTS = {
  1: 'at most one order is accepted for a decision',
  2: 'an orderLinkId goes over the wire once',
  3: 'in the end the position is the position of the exchange',
  4: 'in the end every execution is counted, and once',
  5: 'no order takes a position over its limits by more than what was in flight',
  6: 'nothing that opens leaves after a kill, and a kill ends with nothing open',
  7: 'nothing that opens leaves before the account was compared since the link came up',
  8: 'what goes over the wire is explained by durable records',
  9: 'nothing that opens leaves while the durable trading state is not active',
  10: 'nothing leaves after the journal failed',
  11: 'in the end the account agrees and no order is between two states',
  12: 'a journal that survived a crash is read again, to its last durable record',
  13: 'a second process is refused while the first lives',
  14: "nobody else's order is canceled",
  15: 'in the end no order of ours is open that is not open here',
  16: 'nothing throws',
  17: 'a position is taken over only as the exchange held it',
  18: 'in the end each order is what the exchange says it became',
  19: 'a state that a person, a limit or a fault set stays over a restart',
  20: 'a change of an order goes over the wire once',
  21: 'a change holds only when the exchange took it, and is given up only when it did not',
  22: 'in the end the price and size of an order that rests are those at the exchange',
  23: 'a start from a checkpoint knows what the whole journal says',
  24: 'an order for the rest of another asks for no more than what is left of it',
  25: 'in the end the exchange keeps the stop and target of each position that we think it does',
  26: 'nothing that opens leaves while the durable regime is risk-off',
  27: 'an end in order that is to cancel what rests leaves nothing open',
  28: 'an order counts as refused or missing only where the exchange says so',
  29: 'no order takes the account over its limits by more than what was in flight',
  30: 'a loss beyond its limit ends halted and flat',
  31: 'nothing that opens leaves while no look at the account is answered for long',
  32: 'an exit that is due leaves within 15 s (27 s by Bybit), whatever rests',
  33: 'every row that the exchange writes is read',
  34: 'calls leave no faster than the exchange allows',
} as const
export type InvariantNumber = keyof typeof INVARIANTS

export type Violation = Readonly<{
  invariant: InvariantNumber
  rule: string
  message: string
  /** Virtual time since the start of the history. */
  at_ms: number
}>
