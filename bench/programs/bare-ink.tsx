/** The least an Ink program can be: one line. What the console's start is measured against. */
import { flushCompileCache } from 'node:module';
import { render, Text } from 'ink';

const instance = render(<Text>ready</Text>);
// As the console does: a program that is killed would never fill its compile cache.
void instance.waitUntilRenderFlush().then(() => flushCompileCache());
setInterval(() => {}, 60_000);
