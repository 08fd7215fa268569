/** A program that looks at a lock without pause, as consoles and lists do now and then: `node look-forever.ts LOCK`. */
import { probeLock } from '../../src/platform/lock-file.ts';

const [lock = ''] = process.argv.slice(2);
process.stdout.write('looking\n');
for (;;) probeLock(lock);
