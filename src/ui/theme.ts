/** How meanings look. Every meaning has a word or glyph of its own, so no colour is needed to tell them apart. */

import type { StepResult } from '../core/execution/schema.ts';
import type { Attention, Verdict } from '../core/job/schema.ts';

/** What a piece of text means. Colours are chosen for dark and light backgrounds alike: no white, no black, no blue. */
export const TONES = ['plain', 'title', 'faint', 'good', 'warning', 'danger', 'inDoubt', 'accent'] as const;
export type Tone = (typeof TONES)[number];

/** Text properties of Ink for one meaning. */
export type ToneStyle = { readonly color?: string; readonly bold?: boolean; readonly dimColor?: boolean };

/** The look of each meaning. `faint` is dim, not grey, since grey vanishes on some backgrounds. */
export const TONE_STYLES: Readonly<Record<Tone, ToneStyle>> = {
  plain: {},
  title: { bold: true },
  faint: { dimColor: true },
  good: { color: 'green' },
  warning: { color: 'yellow' },
  danger: { color: 'red', bold: true },
  inDoubt: { color: 'magenta' },
  accent: { color: 'cyan' },
};

/** Tone of a verdict; its word is always written beside it. */
export const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  alive: 'good',
  stalled: 'warning',
  interrupted: 'warning',
  paused: 'faint',
  failed: 'danger',
  finished: 'good',
  cancelled: 'faint',
  inconsistent: 'danger',
  unknown: 'inDoubt',
};

/** Tone of what must be known of a job; its word and glyph are always written beside it. */
export const ATTENTION_TONES: Readonly<Record<Attention, Tone>> = {
  inconsistent: 'danger',
  'in doubt': 'inDoubt',
  failed: 'danger',
  interrupted: 'warning',
  stalled: 'warning',
  unknown: 'inDoubt',
  recovering: 'accent',
  running: 'good',
  paused: 'faint',
  finished: 'good',
  cancelled: 'faint',
};

/** Glyph and tone of a step's state; the glyphs are plain ASCII and differ without colour. */
export const STEP_MARKS: Readonly<Record<StepResult['state'], { readonly glyph: string; readonly tone: Tone }>> = {
  not_run: { glyph: '[ ]', tone: 'faint' },
  running: { glyph: '[>]', tone: 'accent' },
  done: { glyph: '[x]', tone: 'good' },
  stopped: { glyph: '[-]', tone: 'accent' },
  refused: { glyph: '[!]', tone: 'danger' },
  failed: { glyph: '[!]', tone: 'danger' },
  unknown: { glyph: '[?]', tone: 'inDoubt' },
};

/** The cursor's mark: it stays visible when inverse video is switched off. Source: terminal trap 9. */
export const CURSOR_MARK = '>';

/** Cells of a progress bar. */
export const BAR_GLYPHS = { done: '█', left: '░' } as const;
