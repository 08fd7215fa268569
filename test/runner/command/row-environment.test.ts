import { afterEach, describe, expect, it } from 'vitest';
import {
  buildRunEnvironment,
  buildUnitEnvironment,
  findCollision,
  formatRowVariable,
} from '../../../src/runner/command/row-environment.ts';

const WORK = { number: 7, key: 'K', idempotencyKey: 'job/7', attempt: 2, rowJson: '{}' };

afterEach(() => {
  delete process.env['SALVOR_UNIT_KEY'];
});

describe('formatRowVariable', () => {
  it.each([
    ['order_id', 'ROW_ORDER_ID'],
    ['Order Id', 'ROW_ORDER_ID'],
    ['2nd', 'ROW_2ND'],
    ['grün', 'ROW_GR_N'],
    ['a=b\n', 'ROW_A_B_'],
    ['😀', 'ROW__'],
  ])('names %j %s', (column, variable) => {
    expect(formatRowVariable(column)).toBe(variable);
  });
});

describe('findCollision', () => {
  it('finds two columns that would be the same variable', () => {
    expect(findCollision(['a', 'order id', 'b', 'order-id'])).toEqual(['order id', 'order-id']);
    expect(findCollision(['a', 'b'])).toBeUndefined();
  });
});

describe('buildUnitEnvironment', () => {
  it('gives the row and what identifies the unit', () => {
    expect(buildUnitEnvironment(WORK, new Map([['a b', 'x\ny']]))).toEqual({
      ROW_A_B: 'x\ny',
      SALVOR_IDEMPOTENCY_KEY: 'job/7',
      SALVOR_UNIT_KEY: 'K',
      SALVOR_UNIT_NUMBER: '7',
      SALVOR_ATTEMPT: '2',
    });
  });
  it.each([
    ['a NUL character', [['a', 'x\0']], 'column a holds a NUL character, which no command can be given'],
    [
      'columns of one name',
      [
        ['a b', '1'],
        ['a-b', '2'],
      ],
      'columns a b and a-b would be the same variable ROW_A_B',
    ],
  ] as const)('refuses %s', (_, row, message) => {
    expect(() => buildUnitEnvironment(WORK, new Map(row))).toThrow(message);
  });
});

describe('buildRunEnvironment', () => {
  it('gives the run, on top of the job and of the runner, and passes on no unit of another run', () => {
    process.env['SALVOR_UNIT_KEY'] = 'outer';
    const identity = { jobId: 'b1', jobName: 'Orders', epoch: 3, runToken: 'token' };
    const environment = buildRunEnvironment(identity, { CARRIER: 'UPS', SALVOR_JOB_ID: 'mine' });
    expect(environment).toMatchObject({
      CARRIER: 'UPS',
      SALVOR_JOB_ID: 'b1',
      SALVOR_JOB_NAME: 'Orders',
      SALVOR_EPOCH: '3',
      SALVOR_RUN_TOKEN: 'token',
      PATH: process.env['PATH'],
    });
    expect(environment).not.toHaveProperty('SALVOR_UNIT_KEY');
  });
});
