// Prints what failed, and then `N passed, N failed`, from vitest's JSON reports; a file that did not load counts as one failure, and so does a
// run that ended badly without naming any. Usage: node scripts/count-tests.mjs REPORT EXIT_CODE [REPORT EXIT_CODE ...]
import { readFileSync } from 'node:fs';

/** Counts of a report; `undefined` for a runner that died before it wrote a whole one. */
function countTests(report) {
  if (report === undefined) return { passed: 0, failed: 0 };
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((one) => one.status !== 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Names what failed, with the beginning of its reason: where output is cut, its end is what stays. */
function describeFailures(report) {
  return (report?.testResults ?? [])
    .filter((file) => file.status === 'failed')
    .flatMap((file) => {
      const failed = file.assertionResults.filter((one) => one.status === 'failed');
      const reasons = failed.map((one) => `${one.fullName}: ${one.failureMessages.join('\n').slice(0, 2000)}`);
      return (reasons.length === 0 ? [file.message] : reasons).map((reason) => `failed: ${file.name}: ${reason}`);
    });
}

const total = { passed: 0, failed: 0 };
const args = process.argv.slice(2);
for (let at = 0; at < args.length; at += 2) {
  const report = readReport(args[at]);
  for (const line of describeFailures(report)) console.log(line);
  const { passed, failed } = countTests(report);
  total.passed += passed;
  total.failed += args[at + 1] === '0' ? failed : Math.max(failed, 1);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
