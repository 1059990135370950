import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../../src/actors/system.ts';
import {
  healthReport,
  healthResponse,
  markEnding,
  sendHealth,
} from '../../../src/adapters/node/health-report.ts';
import { aServer } from '../../support/a-server.ts';

describe('health over HTTP', () => {
  it.each([
    ['up', 200, 200],
    ['degraded', 200, 200],
    ['draining', 200, 503],
    ['stopping', 200, 503],
    ['stopped', 200, 503],
  ] as const)('of a system that is %s is live %i and ready %i', (status, live, ready) => {
    const system = { health: () => ({ status }) as never };

    expect(healthReport(system, 'live').status).toBe(live);
    expect(healthReport(system, 'ready')).toEqual({ status: ready, body: { status } });
    expect(healthReport(system, 'detail').status).toBe(200);
  });

  it('is not ready from the moment at which its server is shut down', () => {
    const system = createSystem();
    onTestFinished(() => system.stop());

    markEnding(system);

    expect(healthReport(system, 'ready')).toEqual({ status: 503, body: { status: 'draining' } });
    expect(healthReport(system, 'detail').body).toMatchObject({ status: 'draining', agents: 0 });
    expect(healthReport(system, 'live').status).toBe(200);
  });

  it('is answered on a node:http response and as a web Response', async () => {
    const system = createSystem();
    onTestFinished(() => system.stop());
    const { url } = await aServer((_, response) => sendHealth(response, system, 'detail'));

    const answered = await (await fetch(url)).json();

    expect(answered).toMatchObject({ status: 'up', inFlight: 0 });
    expect(await healthResponse(system, 'detail').json()).toEqual(answered);
  });
});
