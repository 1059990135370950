/**
 * Health over HTTP: what the three questions of an orchestrator are answered.
 *
 *   live    the process answers: 200, whatever the system does. Whoever asks would restart it.
 *   ready   new work is welcome: 200; 503 from the moment at which it is to end, and when it has.
 *           `degraded` is ready: one agent at the top was given up, the others work.
 *   detail  all of `system.health()`, for people; 200. It names agents: keep it inside.
 *
 * Source: Kubernetes, liveness and readiness probes.
 */
import type { ServerResponse } from 'node:http';
import type { Health } from '../../actors/health.ts';
import type { System } from '../../actors/system.ts';

export type HealthQuestion = 'live' | 'ready' | 'detail';

export interface HealthReport {
  readonly status: 200 | 503;
  readonly body: { readonly status: Health['status'] } | Health;
}

/** Systems whose server is being shut down: they still work, and are to get nothing new. */
const ending = new WeakSet<object>();

/** From now on this system is not ready. */
export function markEnding(system: System): void {
  ending.add(system);
}

/** Answers a question about a system. */
export function healthReport(system: Pick<System, 'health'>, question: HealthQuestion): HealthReport {
  const health = system.health();
  const isUp = health.status === 'up' || health.status === 'degraded';
  const status = isUp && ending.has(system) ? 'draining' : health.status;
  if (question === 'detail') {
    return { status: 200, body: { ...health, status } };
  }
  return {
    status: question === 'live' || status === 'up' || status === 'degraded' ? 200 : 503,
    body: { status },
  };
}

const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };

/** Answers a question about a system on a `node:http` response. */
export function sendHealth(response: ServerResponse, system: System, question: HealthQuestion): void {
  const { status, body } = healthReport(system, question);
  response.writeHead(status, headers).end(JSON.stringify(body));
}

/** Answers a question about a system with a web `Response`. */
export function healthResponse(system: System, question: HealthQuestion): Response {
  const { status, body } = healthReport(system, question);
  return Response.json(body, { status, headers });
}
