import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.ts';

describe('an output', () => {
  it('waits while its reader is slow', async () => {
    const stream = new PassThrough({ highWaterMark: 4 });
    const output = new Output(stream);
    const steps: string[] = [];

    const writing = output.write('12345').then(() => steps.push('written'));
    await Promise.resolve();
    steps.push('read');
    stream.resume();
    await writing;

    expect(steps).toEqual(['read', 'written']);
  });

  it('lets nobody wait for a reader who has left, and calls that no trouble', async () => {
    const output = new Output(failing('EPIPE'));

    await output.write('text');
    await output.closed;
    await output.write('more');
    await output.flush();

    expect([output.isClosed, output.trouble]).toEqual([true, undefined]);
  });

  it('keeps what else went wrong', async () => {
    const output = new Output(failing('ENOSPC'));

    await output.write('text');
    await output.closed;

    expect(output.trouble).toMatchObject({ code: 'ENOSPC' });
  });

  it('is flushed when what was written has left', async () => {
    const left: string[] = [];
    const stream = new Writable({
      write: (chunk, _, done) => {
        setImmediate(() => {
          left.push(String(chunk));
          done();
        });
      },
    });
    const output = new Output(stream);

    void output.write('text');
    await output.flush();

    expect(left).toEqual(['text', '']);
  });
});

const failing = (code: string): Writable =>
  new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
