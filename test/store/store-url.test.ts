import { expect, test } from 'vitest';
import { keepPassword, restorePassword, withoutPassword } from '../../src/store/store-url.ts';

test.each([
  ['postgres://u:se:cr@et@h/d', 'postgres://u@h/d'],
  ['postgresql://u:x@h,i/d?a=1&password=x&b=2', 'postgresql://u@h,i/d?a=1&b=2'],
  ['postgres://u@h/d?sslpassword=x', 'postgres://u@h/d'],
  ['postgres://u:pa/ss@h/d', 'postgres://u@h/d'],
  ['postgres://u:12/34@h/d', 'postgres://u@h/d'],
  ['postgres://u:p?a#s@h/d?x=1', 'postgres://u@h/d?x=1'],
  ['postgres://u:x@h/d?user=a@b', 'postgres://u@h/d?user=a@b'],
  ['postgres://h:5432/d?user=a@b', 'postgres://h:5432/d?user=a@b'],
  ['postgres://u@h1:1,h2:2/d', 'postgres://u@h1:1,h2:2/d'],
  ['postgres://[::1]:5432/d', 'postgres://[::1]:5432/d'],
  ['postgres://u@[::1]/d', 'postgres://u@[::1]/d'],
  ['postgres://', 'postgres://'],
  ['/var/lib/salvor', '/var/lib/salvor'],
])('withoutPassword: %s is shown as %s', (url, shown) => {
  expect(withoutPassword(url)).toBe(shown);
});

test('keepPassword: who connects finds the password again, and nobody else sees it', () => {
  const url = 'postgres://kept:secret@h/d';
  const place = keepPassword(url);
  expect(place).toBe('postgres://kept@h/d');
  expect(restorePassword(place)).toBe(url);
  expect(keepPassword(place)).toBe(place);
  expect(restorePassword(place)).toBe(url);
  expect([keepPassword('/state'), restorePassword('/state')]).toEqual(['/state', '/state']);
});
