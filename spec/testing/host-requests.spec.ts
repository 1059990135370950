/** What Node has open, seen and told. */
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { begunSince, describeRequest, openRequests } from '../../src/testing/host-requests.ts';

describe('a request of the host', () => {
  it('is told in words', () => {
    expect(
      [
        'FSReqCallback',
        'FSREQPROMISE',
        'GetAddrInfoReqWrap',
        'TCPSERVERWRAP',
        'ProcessWrap',
        'MessagePort',
      ].map(describeRequest),
    ).toEqual([
      'a file operation (FSReqCallback)',
      'a file operation (FSREQPROMISE)',
      'a name lookup (GetAddrInfoReqWrap)',
      'a connection (TCPSERVERWRAP)',
      'a child process (ProcessWrap)',
      'a worker or a message port (MessagePort)',
    ]);
    expect(describeRequest('FSEVENTWRAP')).toContain('a file operation');
    expect(describeRequest('QUIC_SESSION')).toBe('something of the host (QUIC_SESSION)');
  });

  it('is seen when it is open now and was not before, however many there were', async () => {
    const [first, second] = [createServer(), createServer()];
    await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
    const before = openRequests();
    const unchanged = begunSince(before);

    await new Promise<void>((resolve) => second.listen(0, '127.0.0.1', resolve));
    const begun = begunSince(before);
    for (const server of [first, second]) await new Promise((resolve) => server.close(resolve));

    expect([unchanged, begun]).toEqual([undefined, 'TCPServerWrap']);
  });

  it('is not a timer: a test runner has them, too', () => {
    const before = openRequests();

    const timer = setTimeout(() => {}, 10_000);
    const begun = begunSince(before);
    clearTimeout(timer);

    expect(begun).toBeUndefined();
  });
});
