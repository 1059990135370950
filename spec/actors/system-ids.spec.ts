import { expect, it } from 'vitest';
import type { HostedStep } from '../../src/actors/hosted-actor.ts';
import { SystemIds } from '../../src/actors/system-ids.ts';

it('names actors, each by one, until it is freed', () => {
  const ids = new SystemIds('/m');
  const db = {};
  const before = ids.all();

  ids.give('db', db, undefined);

  expect([before, ids.all(), ids.get('db')]).toEqual([{}, { db }, db]);
  expect(() => ids.give('db', {}, undefined)).toThrow(
    "an actor with the systemId 'db' lives in '/m' already",
  );
  ids.free('db', {}, undefined);
  expect(ids.get('db')).toBe(db);
  ids.free('db', db, undefined);
  expect(ids.get('db')).toBeUndefined();
});

it('gives back what a step that failed has named, and takes back what it freed', () => {
  const ids = new SystemIds('/m');
  const [old, fresh, other] = [{}, {}, {}];
  const step = {} as HostedStep;
  ids.give('old', old, undefined);

  ids.free('old', old, step);
  ids.give('fresh', fresh, step);
  ids.give('other', other, step);
  ids.restore(step);

  expect(ids.all()).toEqual({ old });
});
