/**
 * A guard: what a tracer, a meter, a logger or one of their exporters throws must
 * not reach the agents it is told of. It goes to OpenTelemetry's own diagnostics.
 */
import { diag } from '@opentelemetry/api';
import { describeThrown } from '../../core/failure.ts';

/** Calls `f`; gives `otherwise` when it throws. */
export function guarded<T>(f: () => T, otherwise: T): T {
  try {
    return f();
  } catch (thrown) {
    complain(thrown);
    return otherwise;
  }
}

export function complain(thrown: unknown): void {
  try {
    diag.error(`troupe/otel: telemetry threw ${describeThrown(thrown)}; the message goes on without it`);
  } catch {
    // A diagnostic logger that throws has nobody to tell.
  }
}
