/**
 * A service under 200 HTTP clients: most are fast, some read 1 KB a second, some
 * leave in mid-stream, and they ask a million times in all. The clients are a process
 * of their own, so what is measured of the heap is the service's.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSystem, defineAgent, defineTopic, type System, type } from 'troupe';
import { type SendStreamOptions, sendReply, sendStream } from 'troupe/node';
import { heldBytes } from '../harness/heap.ts';
import type { CrowdOptions, CrowdReport } from './http/crowd.ts';
import type { Soak } from './soak.ts';

const Echo = defineTopic('echo', { schema: type<string>(), reply: type<string>() });
const Count = defineTopic('count', { schema: type<'four' | 'late'>(), reply: type<number>() });
const Endless = defineTopic('endless', { schema: type<string>(), reply: type<string>() });

const fast = 160;
const slow = 20;
const leaving = 20;
/** Growth of the heap that is noise, over the whole of a run. */
const heapGrowthMbMax = 5;
const firstByteMsMax = 50;

export const soak: Soak = {
  claim: 'slow and leaving HTTP clients cost no memory, do not slow fast ones, and work for nobody is ended',
  run: async ({ scale, atRest }) => {
    const inAll = Math.ceil(1_000_000 * scale);
    const service = await aService();
    const { figures: seen } = service;

    // What begins late: the head and a first comment have to be there before the first reply.
    const late = await crowd(service, {
      requests: Math.ceil(1_000 * Math.min(1, scale * 10)),
      fast: 4,
      slow,
      leaving: 0,
      stream: 'late',
    });
    const alone = await crowd(service, { requests: Math.ceil(inAll / 10), fast, slow: 0, leaving: 0 });
    const withSlow = await crowd(service, { requests: Math.ceil(inAll / 10), fast, slow, leaving: 0 });
    service.sampleEvery(Math.ceil((inAll * 0.8) / 16));
    const withAll = await crowd(service, { requests: Math.ceil(inAll * 0.8), fast, slow, leaving });
    service.sampleEvery(Number.POSITIVE_INFINITY);

    while (seen.left < seen.opened) await sleep(10);
    while (service.system.health().inFlight > 0) await sleep(10);
    const { heap } = service;
    const growthMb = slopeOf(heap) * heap.length;

    const crowds = [late, alone, withSlow, withAll];
    assert.equal(seen.answered, sum(crowds.map(({ answered }) => answered)));
    assert.equal(seen.opened, sum(crowds.map(({ left }) => left)));
    assert.equal(seen.left, seen.opened);
    // A client may be gone again before an agent had the time to begin; then it does not.
    assert.equal(seen.interrupted, seen.begun);
    if (scale >= 1) {
      assert(growthMb < heapGrowthMbMax, `the heap grew by ${growthMb} MB over the run: ${heap.join(' ')}`);
      // The median: the others say how busy the machine was with something else.
      assert(late.firstByteP50 < firstByteMsMax, `a first byte after ${late.firstByteP50} ms`);
    }
    atRest?.(service.system);
    await service.close();
    return {
      requests: seen.answered + seen.opened,
      'clients that left': seen.left,
      'work begun for them': seen.begun,
      'work interrupted': seen.interrupted,
      'most KB made for a slow client': Math.round(seen.madeKbMax),
      'heap slope over the last 80 %, MB': Number(growthMb.toFixed(2)),
      'requests a second': Math.round(withAll.answered / withAll.seconds),
      'p99 of the fast, alone, ms': alone.p99,
      'p99 of the fast, with slow ones, ms': withSlow.p99,
      'p99 of the fast, with slow and leaving ones, ms': withAll.p99,
      'p50 of the fast, alone, ms': alone.p50,
      'p50 of the fast, with slow ones, ms': withSlow.p50,
      'first byte of what begins late, p50, ms': late.firstByteP50,
      'first byte of what begins late, p99, ms': late.firstByteP99,
      'first byte of what begins late, most, ms': late.firstByteMax,
      'first byte under full load, p50, ms': withAll.firstByteP50,
      'first byte under full load, p99, ms': withAll.firstByteP99,
    };
  },
};

interface Service {
  readonly system: System;
  readonly server: Server;
  readonly figures: Record<'answered' | 'opened' | 'left' | 'begun' | 'interrupted' | 'madeKbMax', number>;
  /** MB held after a full collection, one figure for each so many answers. */
  readonly heap: number[];
  sampleEvery(answers: number): void;
  close(): Promise<void>;
}

async function aService(): Promise<Service> {
  const figures = { answered: 0, opened: 0, left: 0, begun: 0, interrupted: 0, madeKbMax: 0 };
  const heap: number[] = [];
  let every = Number.POSITIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  const concurrency = 512;
  const echo = defineAgent({ name: 'echo', subscribe: [Echo], receive: (text) => text });
  const counter = defineAgent({
    name: 'counter',
    subscribe: [Count],
    concurrency,
    receive: async function* (kind) {
      if (kind === 'late') await sleep(100);
      for (let n = 1; n <= 4; n += 1) yield n;
    },
  });
  const piece = 'x'.repeat(1_000);
  const endless = defineAgent({
    name: 'endless',
    subscribe: [Endless],
    concurrency,
    receive: async function* () {
      let madeKb = 0;
      figures.begun += 1;
      try {
        for (;;) {
          madeKb += 1;
          figures.madeKbMax = Math.max(figures.madeKbMax, madeKb);
          yield piece;
        }
      } finally {
        figures.interrupted += 1;
      }
    },
  });
  const system = createSystem({ agents: [echo, counter, endless] });
  const forEver: SendStreamOptions<string> = {
    timeoutMs: Number.POSITIVE_INFINITY,
    stalledMs: Number.POSITIVE_INFINITY,
  };
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    if (path === '/echo') {
      await sendReply(response, (terms) => system.request(Echo, 'echo', terms));
    } else if (path === '/endless') {
      figures.opened += 1;
      const { _tag } = await sendStream(response, (terms) => system.stream(Endless, '', terms), forEver);
      figures.left += _tag === 'Left' ? 1 : 0;
      return;
    } else {
      const kind = path.slice(1) as 'four' | 'late';
      await sendStream(response, (terms) => system.stream(Count, kind, terms));
    }
    figures.answered += 1;
    if (figures.answered >= next) {
      next += every;
      heap.push(Number((heldBytes() / 2 ** 20).toFixed(2)));
    }
  };
  const server = createServer((request, response) => void answer(request.url!, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    system,
    server,
    figures,
    heap,
    sampleEvery: (answers) => {
      every = answers;
      next = figures.answered + answers;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await system.stop();
    },
  };
}

async function crowd({ server }: Service, options: Omit<CrowdOptions, 'port'>): Promise<CrowdReport> {
  const { port } = server.address() as AddressInfo;
  const program = fileURLToPath(new URL('http/crowd.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    JSON.stringify({ port, ...options }),
  ]);
  return JSON.parse(stdout) as CrowdReport;
}

/** By least squares, of each figure over the one before it. */
function slopeOf(figures: readonly number[]): number {
  const count = figures.length;
  const meanAt = (count - 1) / 2;
  const mean = sum(figures) / count;
  const above = sum(figures.map((figure, at) => (at - meanAt) * (figure - mean)));
  const below = sum(figures.map((_, at) => (at - meanAt) ** 2));
  return below === 0 ? 0 : above / below;
}

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
