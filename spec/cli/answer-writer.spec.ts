import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AnswerWriter } from '../../src/cli/answer-writer.ts';
import { Output } from '../../src/cli/output.ts';
import type { Findings } from '../../src/cli/program.ts';

describe('writing an answer', () => {
  it('writes a text, and ends its line', async () => {
    const { writer, written } = aWriter();

    const findings = await writer.writeAll(Promise.resolve('text'));
    await writer.endLine();
    await writer.endLine();

    expect([findings, written()]).toEqual([{}, 'text\n']);
  });

  it('writes pieces as they come and gives what is returned', async () => {
    const { writer, written } = aWriter();

    const findings = await writer.writeAll(
      (async function* (): AsyncGenerator<string, Findings, void> {
        yield 'one ';
        yield '';
        yield 'two\n';
        return { notes: ['three'] };
      })(),
    );
    await writer.endLine();

    expect([findings, written()]).toEqual([{ notes: ['three'] }, 'one two\n']);
  });

  it('says once that the first piece comes', async () => {
    let calls = 0;
    const { writer } = aWriter({ onFirst: () => (calls += 1) });

    await writer.writeAll(piecesOf('', 'a', 'b'));

    expect(calls).toBe(1);
  });

  it('keeps the answer and writes nothing where it is wanted whole', async () => {
    const { writer, written } = aWriter({ keeps: true });

    await writer.writeAll(piecesOf('a', 'b'));
    await writer.endLine();

    expect([writer.text, written()]).toEqual(['ab', '']);
  });

  it('asks for no piece more once nobody reads, and tells the program so', async () => {
    const closing = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    });
    const { writer } = aWriter({ stream: closing });
    let asked = 0;
    let left = false;

    await writer.writeAll(
      (async function* () {
        try {
          for (;;) {
            asked += 1;
            yield 'piece';
          }
        } finally {
          left = true;
        }
      })(),
    );

    expect([asked, left]).toEqual([1, true]);
  });

  it('lets timers have their turn between the pieces of an endless answer', async () => {
    const { writer } = aWriter({ keeps: true });
    let rang = false;
    setTimeout(() => {
      rang = true;
    }, 5);

    await writer.writeAll(
      (async function* () {
        while (!rang) yield '';
      })(),
    );

    expect(rang).toBe(true);
  });

  it.each([
    [42, 'number'],
    [null, 'null'],
    [{}, 'object'],
    [undefined, 'undefined'],
  ])('refuses %j, which is no text', async (answer, got) => {
    const { writer } = aWriter();

    await expect(writer.writeAll(answer as unknown as string)).rejects.toThrow(
      `expected a program to answer with text; got ${got}`,
    );
  });
});

function aWriter({
  keeps = false,
  onFirst = () => {},
  stream = new PassThrough(),
}: {
  keeps?: boolean;
  onFirst?: () => void;
  stream?: Writable;
} = {}) {
  const writer = new AnswerWriter({ stdout: new Output(stream), keeps, onFirst });
  return { writer, written: () => String((stream as PassThrough).read() ?? '') };
}

async function* piecesOf(...pieces: string[]): AsyncGenerator<string, undefined, void> {
  yield* pieces;
}
