/**
 * Mistakes that an execution engine could make, put in on purpose between the engine and its world.
 * A simulation that does not catch each of them proves little.
 */
export const PLANTED_BUGS = {
  send_before_flush: 'orders leave before their records are durable',
  resend_under_new_id: 'a submit whose reply was lost is sent again under a new id',
  resend_same_id: 'a submit whose reply was lost is sent again',
  count_fill_twice: 'a fill that a list brings again gets a new execId',
  drop_fill: 'every fifth execution is never told',
  unknown_is_not_found: 'queries fail, and each counts as proof that the order is not there',
  unknown_is_rejected: 'a lost reply to a submit counts as a refusal',
  forget_decisions: 'a restart forgets which decisions have had their order',
  failed_query_is_flat: 'a failed query of the positions counts as a flat account',
  failed_query_is_empty: 'a failed look at the account counts as agreement',
  forget_halt: 'a restart forgets that trading was halted',
  trade_while_recovering: 'orders leave before the account was compared',
  ignore_link_loss: 'the loss of the private stream is not noticed',
  ignore_journal_failure: 'a write or sync that failed is ignored',
  ignore_kill: 'a kill is neither obeyed nor seen in its latch',
  forget_kill: 'a restart forgets a kill that was not released',
  reuse_run_number: 'every run takes the number of the first, and its order ids with it',
  keep_torn_tail: 'a torn tail is not cut off before it is written after',
  checkpoint_old_state: 'a checkpoint holds the state of one flush before the record it names',
  skip_after_checkpoint: 'a start from a checkpoint leaves out the first record after it',
  ignore_lock: 'the data folder is taken though another process has it',
  cancel_foreign: 'orders of others are taken for our strays',
  send_double_size: 'orders leave with twice their size',
  ignore_limits: 'the gate knows no limits of size',
  ignore_totals: 'the gate knows no limits over all symbols',
  ignore_pace: 'the gate knows no limits on rates, pauses and losses in a row',
  ignore_losses: 'a loss is never beyond a limit',
  lost_flatten: 'closing orders of a flatten are said to be refused and never sent',
  lost_exits: 'other closing orders are said to be refused and never sent',
  ignore_blindness: 'the stream alone is believed, however long no look is answered',
  amend_double_size: 'changes of orders leave with twice their size',
  unknown_amend_is_refused: 'a lost reply to a change counts as a refusal',
  resend_amend: 'a change whose reply was lost is sent again',
  reply_is_amended: 'a change counts as done when its reply comes, or does not',
  lost_cancel: 'cancels of every other order are said to be taken and never sent',
  forget_risk_off: 'a restart forgets that a person asked for risk-off',
  ignore_regime: 'the gate always takes the regime for risk-on',
  follow_unproven: 'the rest of an order is followed without asking what the exchange filled',
  keep_strays: 'what lives on at the exchange and had ended here is left there',
  lost_levels: 'stop and target of a position are said to be taken and never sent',
  // under the gateway to Bybit
  wire_sends_again: 'what changes something and is not answered at once is sent again',
  wire_timeout_refused: 'an order that is not answered at once counts as refused',
  wire_keeps_frames: 'what a lost connection left unanswered is sent by the next one',
  wire_hides_closes: 'the end of the private connection is not told',
  wire_first_page: 'a list ends after its first page',
  wire_ignores_pace: 'calls leave as fast as they are wanted',
  wire_old_lists: 'a list that fails is the last one that did not',
} as const
export type PlantedBug = keyof typeof PLANTED_BUGS

export const PLANTED_BUG_NAMES = Object.keys(PLANTED_BUGS).filter(isPlantedBug)

export function isPlantedBug(name: string): name is PlantedBug {
  return Object.hasOwn(PLANTED_BUGS, name)
}
