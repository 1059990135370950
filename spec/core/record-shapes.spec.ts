import { describe, expect, it } from 'vitest';
import { RecordShapes } from '../../src/core/record-shapes.ts';

const namesOf = (shape: number): string[] => Array.from({ length: 20 }, (_, index) => `s${shape}n${index}`);

/** Whether objects of the shape come with all their fields, which is what is prepared. */
const isPrepared = (object: object): boolean => Object.keys(object).length > 0;

describe('record shapes', () => {
  const nowhere = new Uint8Array(1_000);

  it('a shape is prepared after 16 records, and its names stay what they are', () => {
    const names = ['7', ...namesOf(0), '1'];
    const shape = new RecordShapes().keep(names, nowhere, 0, 1_000);
    const prepared = Array.from({ length: 17 }, () => isPrepared(shape.object()));

    expect(prepared.indexOf(true)).toBe(15);
    expect(prepared[16]).toBe(true);
    expect(shape.names).toEqual(names);
  });

  it('a message in which many shapes come often enough prepares 8 of them, and later ones the others', () => {
    const shapes = new RecordShapes();
    const all = Array.from({ length: 20 }, (_, index) => shapes.keep(namesOf(index), nowhere, 0, 1_000));
    const prepared = [1, 2, 3].map(() => {
      shapes.begin();
      return all.filter((shape) => Array.from({ length: 16 }, () => shape.object()).some(isPrepared)).length;
    });

    expect(prepared).toEqual([8, 16, 20]);
  });
});
