import { registerSource } from '../../../src/sources/registry.ts';
import { describeSource } from '../contract/describe-source.ts';
import { makeShelf } from './make-shelf.ts';
import { READ_ONLY_SHELF } from './source.ts';

registerSource(READ_ONLY_SHELF);

describeSource('read-only-shelf', makeShelf);
