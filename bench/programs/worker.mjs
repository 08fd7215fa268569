// The least a worker can do: every row has a receipt and is done.
import { stdin, stdout } from 'node:process';

let rest = '';
stdin.setEncoding('utf8').on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  let answers = '';
  for (const line of lines) {
    const { id } = JSON.parse(line);
    answers += `{"id":${id},"ok":true,"receipt":"R${id}"}\n`;
  }
  if (answers !== '') stdout.write(answers);
});
