// Reads a report of the test runner: prints how many tests passed and failed, and tells what failed on the error output.
import { readFileSync } from 'node:fs'

const FAILURE_LINES = 12
const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))

for (const file of report.testResults) {
  const failed = file.assertionResults.filter((test) => test.status === 'failed')
  if (file.status === 'failed' && failed.length === 0) tell(file.name, file.message)
  for (const test of failed) tell(`${file.name}: ${test.fullName}`, test.failureMessages.join('\n'))
}
process.stdout.write(`${report.numPassedTests} ${report.numFailedTests}\n`)

function tell(name, message) {
  process.stderr.write(
    `${[`--- ${name}`, ...message.split('\n').slice(0, FAILURE_LINES)].join('\n')}\n`,
  )
}
