import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { KeyGate, PASTE_LIMIT } from '../../../src/ui/terminal/key-gate.ts';

const ESC = '\u001b';

/** A gate with everything it lets through, and what each read of it gave. */
function openGate(accepts: (key: string) => boolean = () => true) {
  const source = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const arrived: string[] = [];
  const gate = new KeyGate(source, { accepts, arrives: (key) => arrived.push(key) });
  const reads: string[] = [];
  gate.on('readable', () => {
    for (let text = gate.read(); text !== null; text = gate.read()) reads.push(text);
  });
  return { source, gate, reads, arrived };
}

/** Turns of the event loop; the gate counts in them, so that no time has to pass. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('KeyGate: keys of one read are delivered one by one', async () => {
  const { source, gate, reads } = openGate();
  await gate.drain();
  gate.open();
  source.write(`${ESC}[Bj\r`);
  await turns(12);
  expect(reads).toEqual([`${ESC}[B`, 'j', '\r']);
});

test('KeyGate: a key is asked about after the one before was delivered', async () => {
  let isFree = true;
  const { source, gate, reads } = openGate((key) => {
    if (key === 'r') isFree = false;
    return key === 'r' || isFree;
  });
  await gate.drain();
  gate.open();
  source.write('jry');
  await turns(12);
  expect(reads).toEqual(['j', 'r']);
});

test('KeyGate: what was typed before it opens is dropped', async () => {
  const { source, gate, reads } = openGate();
  source.write('r\r3');
  await gate.drain();
  gate.open();
  source.write('j');
  await turns(8);
  expect(reads).toEqual(['j']);
});

test('KeyGate: a lone Escape is passed on at once', async () => {
  const { source, gate, reads } = openGate();
  await gate.drain();
  gate.open();
  source.write(ESC);
  await turns(6);
  expect(reads).toEqual([ESC]);
});

test('KeyGate: a sequence cut between two reads keeps its bytes in order', async () => {
  const { source, gate, reads } = openGate();
  await gate.drain();
  gate.open();
  source.write(`${ESC}[`);
  await turns(6);
  source.write('Bj');
  await turns(8);
  expect(reads.join('')).toBe(`${ESC}[Bj`);
  expect(reads.at(-1)).toBe('j');
});

test('KeyGate: a paste in many reads is one key', async () => {
  const { source, gate, arrived } = openGate();
  await gate.drain();
  gate.open();
  const paste = `${ESC}[200~rr\ryy${ESC}[201~`;
  for (const part of [paste.slice(0, 8), paste.slice(8, 11), `${paste.slice(11)}q`]) {
    source.write(part);
    await turns(4);
  }
  await turns(8);
  expect(arrived).toEqual([paste, 'q']);
});

test('KeyGate: a paste that never ends is dropped, and keys go on', async () => {
  const { source, gate, arrived } = openGate();
  await gate.drain();
  gate.open();
  source.write(`${ESC}[200~${'x'.repeat(PASTE_LIMIT)}`);
  await turns(6);
  source.write('q');
  await turns(8);
  expect(arrived).toEqual(['q']);
});

test('KeyGate: raw mode and reading of the terminal go together', async () => {
  const { source, gate } = openGate();
  await gate.drain();
  expect(source.isPaused()).toBe(false);
  gate.setRawMode(false);
  expect(source.isPaused()).toBe(true);
});
