import { describe } from 'vitest';
import { describeChange } from './describe-change.ts';
import { describeCreate } from './describe-create.ts';
import { describeKeep } from './describe-keep.ts';
import { describeList } from './describe-list.ts';
import { describeStates } from './describe-states.ts';
import { describeTake } from './describe-take.ts';
import { describeUnits } from './describe-units.ts';
import type { MakeStorePlace } from './store-place.ts';

/** The facts that hold for the store of every engine. Source: src/store/contract.ts. */
export function describeStoreContract(engine: string, make: MakeStorePlace): void {
  describe(`the store contract on ${engine}`, () => {
    describeCreate(make);
    describeTake(make);
    describeStates(make);
    describeUnits(make);
    describeChange(make);
    describeList(make);
    describeKeep(make);
  });
}
