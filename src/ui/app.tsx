/** The console on the screen: draws the frame of its state, and hands keys and pastes on. */
import { Box, useApp, useInput, usePaste } from 'ink';
import { useEffect, useSyncExternalStore } from 'react';
import { ChoiceMenu } from './components/choice-menu.tsx';
import { Lines, NoColor } from './components/lines.tsx';
import type { Console } from './state/make-console.ts';
import { nameKey } from './terminal/name-key.ts';
import { assembleFrame } from './view/assemble-frame.ts';

/** What Ink lets an app do to itself. */
export type AppHandle = ReturnType<typeof useApp>;

/** `onApp` is called once, when the app can be left and suspended. */
export type AppProps = {
  readonly model: Console;
  readonly noColor: boolean;
  readonly onApp: (app: AppHandle) => void;
};

/** The one component of the tree with effects. Its height is the terminal's. Source: terminal traps 5 and 11. */
export function App({ model, noColor, onApp }: AppProps) {
  const app = useApp();
  const state = useSyncExternalStore(model.store.subscribe, model.store.snapshot);
  const frame = assembleFrame(state);
  useEffect(() => onApp(app), [app, onApp]);
  // A throw of a command would be lost with the screen it happened on; so would it be in an event of the stream.
  const guarded = (act: () => void): void => {
    try {
      act();
    } catch (thrown) {
      app.exit(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  };
  useInput((input, key) => guarded(() => model.press(nameKey(input, key))));
  usePaste((text) => guarded(() => model.paste(text)));
  return (
    <NoColor value={noColor}>
      <Box flexDirection="column" width={state.columns} height={state.rows} overflow="hidden">
        <Lines lines={frame.above} />
        {frame.menu === undefined ? undefined : (
          <ChoiceMenu menu={frame.menu} onChoose={(choice) => guarded(() => model.chooseFromMenu(choice))} />
        )}
        <Lines lines={frame.below} />
      </Box>
    </NoColor>
  );
}
