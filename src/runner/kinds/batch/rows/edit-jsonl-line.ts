import { splitMembers } from '../../../split-members.ts';
import type { BatchSpec } from '../schema.ts';
import { findValue, type RecordEditor } from './row-values.ts';

/**
 * Makes the editor of a JSON lines file: members an object has get a new value in place, others are added at its end.
 * The rest of the line keeps its writing, so that numbers keep every digit. Every line is made from the one that was
 * recorded, so that nothing of an earlier write-back stays.
 *
 * Errors: none for lines that are JSON objects.
 * Source: contract, job files (write_back); decisions/0013.
 */
export function makeJsonlEditor(writeBack: BatchSpec['writeBack']): RecordEditor {
  return {
    editRow: (text, row) => {
      if (row === undefined) return text;
      let edited = row.dataJson;
      for (const { column, value } of writeBack) {
        const found = findValue(row.values, value);
        if (found !== undefined) edited = setMember(edited, column, JSON.stringify(found));
      }
      const start = text.length - text.trimStart().length;
      return text.slice(0, start) + edited + text.slice(text.trimEnd().length);
    },
  };
}

function setMember(text: string, name: string, written: string): string {
  const members = splitMembers(text);
  const same = members.filter((member) => member.name === name);
  if (same.length > 0) {
    // From the last to the first, so that the places of those still to come stay true.
    return same.reduceRight((edited, { start, end }) => edited.slice(0, start) + written + edited.slice(end), text);
  }
  const end = members.at(-1)?.end ?? text.indexOf('{') + 1;
  const separator = members.length > 0 ? ',' : '';
  return `${text.slice(0, end)}${separator}${JSON.stringify(name)}:${written}${text.slice(end)}`;
}
