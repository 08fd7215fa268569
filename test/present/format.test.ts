import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatIso,
  formatPercent,
  formatTime,
} from '../../src/present/format.ts';

describe('formatDuration', () => {
  it.each([
    [-5, '0ms'],
    [0, '0ms'],
    [850.4, '850ms'],
    [999.6, '1s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [200_000, '3m 20s'],
    [3_599_999, '59m 59s'],
    [7_500_000, '2h 5m'],
    [86_400_000, '1d'],
    [356_400_000, '4d 3h'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

it('formatAge: what lies in the future is said as such', () => {
  expect([formatAge(200_000), formatAge(0), formatAge(-61_000)]).toEqual(['3m 20s ago', '0ms ago', 'in 1m 1s']);
});

it('formatCount: one has no plural, none and many have', () => {
  expect([0, 1, 2].map((count) => formatCount(count, 'row'))).toEqual(['0 rows', '1 row', '2 rows']);
});

it('formatPercent: 100% means all of it', () => {
  expect([formatPercent(0, 0), formatPercent(1, 3), formatPercent(999_999, 1_000_000), formatPercent(2, 2)]).toEqual([
    '0%',
    '33%',
    '99%',
    '100%',
  ]);
});

it('formatBytes: counts in binary units, up to the largest there is', () => {
  expect([0, 1023, 1024, 1536, 1024 ** 3, 1024 ** 5].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '1.0 GiB',
    '1024.0 TiB',
  ]);
});

it('formatTime and formatIso: are in UTC', () => {
  const atMs = Date.UTC(2026, 2, 1, 10, 1, 30, 7);
  expect(formatTime(atMs)).toBe('2026-03-01 10:01:30Z');
  expect(formatIso(atMs)).toBe('2026-03-01T10:01:30.007Z');
});
