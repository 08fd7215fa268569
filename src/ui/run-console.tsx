/** Runs the console on a terminal until it is left. The process around it belongs to the caller. */
import { type Instance, render } from 'ink';
import { App, type AppHandle } from './app.tsx';
import type { ConsoleEnd, ConsoleOptions } from './console-options.ts';
import { type Console, makeConsole } from './state/make-console.ts';
import { KeyGate } from './terminal/key-gate.ts';

/** How long the first frame waits for the first page of jobs: drawing twice takes longer than most pages. */
const FIRST_PAGE_MS = 50;

/**
 * Shows the console on the alternate screen and resolves when it was left; the terminal is as it was before.
 *
 * Shapes: `options.stdin` and `options.stdout` are terminals; the caller has made sure.
 * Errors: whatever a component or command threw; the terminal was given back before.
 * Source: terminal chapter 5.
 */
export async function runConsole(options: ConsoleOptions): Promise<ConsoleEnd> {
  const desk = makeDesk(options);
  const { model, gate } = desk;
  let redraw: (() => void) | undefined;
  const resizing = makeResizing(options, { model, redraw: () => redraw?.() });
  try {
    options.onControls?.(desk.controls);
    model.start();
    await Promise.all([gate.drain(), firstPage(model)]);
    // Keys count from the moment the first frame is drawn. Source: terminal trap 12.
    gate.open();
    // What was typed before was echoed: the first row must not begin in the middle of the screen.
    options.stdout.write('\r');
    const instance = draw(options, desk);
    redraw = () => redrawAll(options, desk, instance);
    void instance.waitUntilRenderFlush().then(options.onFirstFrame);
    const exitCode = await instance.waitUntilExit();
    return { exitCode: typeof exitCode === 'number' ? exitCode : 0, lastWords: model.lastWords() };
  } finally {
    resizing.close();
    model.close();
    gate.close();
  }
}

/** The console with its gate, and the app once there is one; what was asked before that is done then. */
function makeDesk(options: ConsoleOptions) {
  let app: AppHandle | undefined;
  let isSuspended = false;
  const waiting: ((app: AppHandle) => void)[] = [];
  const withApp = (act: (app: AppHandle) => void): void => {
    if (app === undefined) waiting.push(act);
    else act(app);
  };
  const suspendFor = (pause: () => Promise<void>): void => {
    if (isSuspended) return;
    isSuspended = true;
    withApp((open) => {
      const done = open.suspendTerminal(pause).finally(() => {
        isSuspended = false;
      });
      done.catch((thrown: unknown) => open.exit(toError(thrown)));
    });
  };
  const suspend = (): void => {
    if (options.stopProcess !== undefined) suspendFor(options.stopProcess);
  };
  const model: Console = makeConsole(options, { exit: (code) => withApp((open) => open.exit(code)), suspend });
  return {
    model,
    gate: new KeyGate(options.stdin, { accepts: model.accepts, arrives: model.arrives }),
    onApp: (open: AppHandle): void => {
      app = open;
      for (const act of waiting.splice(0)) act(open);
    },
    controls: {
      end: model.end,
      leave: model.leave,
      fail: (error: Error) => withApp((open) => open.exit(error)),
      suspend,
      repaint: () => suspendFor(async () => undefined),
    },
  };
}

/** How long a terminal keeps its size before everything is drawn anew. */
const RESIZE_REST_MS = 30;

type Resizing = { readonly model: Console; readonly redraw: () => void };

/** Follows the terminal's size, and draws everything anew once it rests: what is on the screen by then is anybody's guess. */
function makeResizing({ stdout }: ConsoleOptions, { model, redraw }: Resizing) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onResize = (): void => {
    model.resize(stdout.columns, stdout.rows);
    clearTimeout(timer);
    timer = setTimeout(redraw, RESIZE_REST_MS);
  };
  stdout.on('resize', onResize);
  return {
    close: (): void => {
      clearTimeout(timer);
      stdout.off('resize', onResize);
    },
  };
}

/** Forgets what Ink believes to be on the screen, clears it from its first cell, and draws it whole. */
function redrawAll(options: ConsoleOptions, desk: ReturnType<typeof makeDesk>, instance: Instance): void {
  instance.clear();
  options.stdout.write('\u001b[H\u001b[J');
  instance.rerender(appOf(options, desk));
}

function appOf(options: ConsoleOptions, desk: ReturnType<typeof makeDesk>) {
  return <App model={desk.model} noColor={options.noColor} onApp={desk.onApp} />;
}

function draw(options: ConsoleOptions, desk: ReturnType<typeof makeDesk>): Instance {
  return render(appOf(options, desk), {
    stdin: desk.gate,
    stdout: options.stdout,
    stderr: options.stderr,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 60,
    exitOnCtrlC: false,
    patchConsole: true,
    // Ink would draw nothing, and still act on keys, when the environment looks like CI. Source: terminal trap 3.
    interactive: true,
  });
}

function firstPage(model: Console): Promise<void> {
  const { store } = model;
  const isReady = (): boolean => store.snapshot().jobs.isRead || store.snapshot().listError !== undefined;
  return new Promise((resolve) => {
    const timer = setTimeout(finish, FIRST_PAGE_MS);
    const unsubscribe = store.subscribe(() => {
      if (isReady()) finish();
    });
    function finish(): void {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    }
    if (isReady()) finish();
  });
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
