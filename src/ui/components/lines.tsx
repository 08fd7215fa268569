/** Draws lines, one text node per row: a frame's cost is the rows on the screen. */
import { Text } from 'ink';
import { createContext, use } from 'react';
import { TONE_STYLES, type Tone, type ToneStyle } from '../theme.ts';
import type { Line } from '../view/line.ts';

/** Whether colours, bold and inverse video are left out. Source: terminal trap 9 (NO_COLOR). */
export const NoColor = createContext(false);

/** The rows of `lines`; each is cut at the edge of the terminal and never wraps. */
export function Lines({ lines }: { readonly lines: readonly Line[] }) {
  const isPlain = use(NoColor);
  // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its position; rows have no other identity.
  return lines.map((line, at) => <Row key={at} line={line} isPlain={isPlain} />);
}

function Row({ line, isPlain }: { readonly line: Line; readonly isPlain: boolean }) {
  const [first, ...others] = line.spans;
  const isSelected = line.isSelected === true && !isPlain;
  if (first === undefined) return <Text> </Text>;
  // A selected row is inverse as a whole: colours of its parts would change the background of their cells.
  if (others.length === 0 || isSelected || isPlain) {
    const text = line.spans.map((span) => span.text).join('');
    return (
      <Text
        wrap="truncate"
        inverse={isSelected}
        {...styleOf(others.length === 0 ? first.tone : 'plain', isPlain || isSelected)}
      >
        {text === '' ? ' ' : text}
      </Text>
    );
  }
  return (
    <Text wrap="truncate">
      {line.spans.map((span, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: spans of a row are told apart by their position alone.
        <Text key={at} {...styleOf(span.tone, false)}>
          {span.text}
        </Text>
      ))}
    </Text>
  );
}

function styleOf(tone: Tone, isPlain: boolean): ToneStyle {
  return isPlain ? {} : TONE_STYLES[tone];
}
