import { describe, expect, it } from 'vitest';
import { type CallEnd, type PartStreamOptions, partStream } from '../../src/testing/part-stream.ts';

describe('a part stream', () => {
  it('sends nothing before somebody reads', async () => {
    const ends: CallEnd[] = [];

    const stream = aStream({ parts: [1, 2], onEnd: (how) => ends.push(how) });

    expect(ends).toEqual([]);
    expect(await everything(stream)).toEqual([1, 2]);
    expect(ends).toEqual(['finished']);
  });

  it('of no parts ends when somebody reads', async () => {
    expect(await everything(aStream({ parts: [] }))).toEqual([]);
  });

  it('fails after its last part', async () => {
    const reader = aStream({ parts: [1], failure: { error: 'gone' } }).getReader();

    expect(await reader.read()).toEqual({ done: false, value: 1 });
    await expect(reader.read()).rejects.toBe('gone');
  });

  it('that was aborted before it began sends nothing', async () => {
    const ends: CallEnd[] = [];

    const stream = aStream({
      parts: [1],
      signal: AbortSignal.abort('enough'),
      onEnd: (how) => ends.push(how),
    });

    await expect(everything(stream)).rejects.toBe('enough');
    expect(ends).toEqual(['aborted']);
  });

  it('ends once, when its reader leaves in the middle of a wait', async () => {
    const ends: CallEnd[] = [];
    const stream = aStream({ parts: [1], arrivals: [3_600_000], onEnd: (how) => ends.push(how) });
    const reader = stream.getReader();
    const waiting = reader.read();

    await reader.cancel();

    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(ends).toEqual(['cancelled']);
  });
});

const aStream = (options: Partial<PartStreamOptions<number>> & { parts: readonly number[] }) =>
  partStream({ arrivals: [], ...options });

async function everything(stream: ReadableStream<number>): Promise<number[]> {
  const parts: number[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}
