/** Renders components with Ink, as the console does, on an emulated terminal. */
import { type Instance, render } from 'ink';
import type { ReactNode } from 'react';
import { type EmulatedStreams, makeEmulatedStreams } from './emulated-streams.ts';
import type { Size } from './emulator.ts';

/** Renders `node` on a terminal of `size`; unmount it in a `finally`. */
export function renderOnEmulator(node: ReactNode, size: Size): EmulatedStreams & { readonly instance: Instance } {
  const streams = makeEmulatedStreams(size);
  const instance = render(node, {
    stdin: streams.stdin,
    stdout: streams.stdout,
    stderr: streams.stdout,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 60,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
  });
  return { ...streams, instance };
}
