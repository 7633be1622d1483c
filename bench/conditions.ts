import { cpus } from 'node:os'

/** What a figure depends on and a reader cannot see from it. */
export type Conditions = Readonly<{
  machine: string
  node: string
  date: string
  smoke: boolean
}>

export function readConditions(smoke: boolean): Conditions {
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`
  const date = new Date().toISOString().slice(0, 10)
  return { machine, node: process.version, date, smoke }
}

export function conditionsText({ machine, node, date, smoke }: Conditions): string {
  return `${machine}, Node ${node}, ${date}${smoke ? ', smoke size' : ''}`
}
