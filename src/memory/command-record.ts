/** A command from control to execution. */
export const COMMAND_KIND = 0 // COMMANDS
export const COMMAND_NUMBER = 1 // counts from 1; the audit record that answers carries it
export const COMMAND_INSTRUMENT = 2 // index; -1: all
export const COMMAND_TIME_US = 3
export const COMMAND_FIELDS = 8

export const COMMANDS = [
  'halt',
  'reduce_only',
  'resume',
  'cancel_all',
  'flatten',
  'kill', // main has set the kill latch; nothing leaves any more until the process starts again
] as const
export type Command = (typeof COMMANDS)[number]
