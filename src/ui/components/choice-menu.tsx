/** The menu of choices. Taking one never acts: it leads to the plan of that choice. */
import { Box, Text } from 'ink';
import SelectInput from 'ink-select-input';
import { use } from 'react';
import type { Choice } from '../../core/job/schema.ts';
import { CURSOR_MARK } from '../theme.ts';
import type { FrameMenu } from '../view/assemble-frame.ts';
import { NoColor } from './lines.tsx';

/**
 * The choices, always the same and in the same order, so that a refresh never moves the cursor. `onChoose` decides whether
 * the key that took the choice may: the select input also takes digits.
 *
 * Source: terminal traps 1, 2.
 */
export function ChoiceMenu({
  menu,
  onChoose,
}: {
  readonly menu: FrameMenu;
  readonly onChoose: (choice: Choice) => void;
}) {
  return (
    <Box height={menu.rows} flexShrink={0} flexDirection="column" overflow="hidden">
      <SelectInput
        items={menu.items.map((item) => ({ key: item.value, label: item.label, value: item.value }))}
        initialIndex={menu.first}
        limit={menu.rows}
        indicatorComponent={Mark}
        itemComponent={Item}
        onSelect={(item) => onChoose(item.value)}
      />
    </Box>
  );
}

function Mark({ isSelected = false }: { readonly isSelected?: boolean }) {
  return (
    <Box width={2} flexShrink={0}>
      <Text>{isSelected ? CURSOR_MARK : ' '}</Text>
    </Box>
  );
}

function Item({ isSelected = false, label }: { readonly isSelected?: boolean; readonly label: string }) {
  const isPlain = use(NoColor);
  return (
    <Text wrap="truncate" inverse={isSelected && !isPlain}>
      {label}
    </Text>
  );
}
