import { registerSource } from '../../../src/sources/registry.ts';
import { describeSource } from '../contract/describe-source.ts';
import { makeShelf } from './make-shelf.ts';
import { SHELF } from './source.ts';

registerSource(SHELF);

describeSource('shelf', makeShelf);
