import { describe, expect, it } from 'vitest';
import { forbiddenIn } from '../../tools/licences.ts';

describe('the licences of a lock', () => {
  it.each([
    ['MIT', 'published', []],
    ['MIT OR GPL-3.0', 'published', []],
    ['(MIT AND ISC)', 'published', []],
    ['MIT AND GPL-3.0', 'published', ['one 1.0.0: MIT AND GPL-3.0']],
    ['GPL-3.0', 'ours', ['one 1.0.0: GPL-3.0']],
    ['MPL-2.0', 'published', ['one 1.0.0: MPL-2.0']],
    ['MPL-2.0', 'ours', []],
    [undefined, 'ours', ['one 1.0.0: says no licence']],
  ] as const)('%j of what is %s', (license, whose, forbidden) => {
    const packages = {
      '': { license: 'UNLICENSED' },
      'tools/own': {},
      'node_modules/own': { link: true },
      'node_modules/x/node_modules/one': { version: '1.0.0', ...(license === undefined ? {} : { license }) },
    };

    expect(forbiddenIn(packages, whose)).toEqual(forbidden);
  });

  it('allow more for what only we use', () => {
    expect(forbiddenIn({ 'node_modules/one': { license: 'MPL-2.0', dev: true } }, 'published')).toEqual([]);
  });

  it('allow one more for a package that was looked at by itself, and for no other', () => {
    const license = 'BlueOak-1.0.0';

    expect(forbiddenIn({ 'node_modules/lru-cache': { version: '11.5.3', license } }, 'published')).toEqual(
      [],
    );
    expect(forbiddenIn({ 'node_modules/one': { version: '1.0.0', license } }, 'published')).toEqual([
      'one 1.0.0: BlueOak-1.0.0',
    ]);
  });
});
