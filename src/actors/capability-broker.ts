/**
 * The broker: every call of a capability by name goes through here, for agents
 * and models alike.
 *
 *     find → permit → budget → check input → run, in time → check output → record
 */
import { BudgetExceeded, type Lease } from '../core/budget.ts';
import { isOf } from '../core/failure.ts';
import { check } from '../core/schema.ts';
import { type Capability, CapabilityError } from './capability.ts';
import type { CapabilityDirectory } from './capability-directory.ts';
import { payers } from './payers.ts';
import { Interrupted, NoResponder, RequestTimeout } from './request-failures.ts';
import { WaitCycle } from './wait-cycle.ts';

/** Who calls. */
export interface Caller {
  readonly cell: { readonly path: string; readonly lease: Lease | undefined } | undefined;
  readonly lease: Lease | undefined;
}

/**
 * Errors: `NoResponder` when nobody offers it; `InvalidParams` for the input;
 * `CapabilityError` when it may not be called, when it failed, or when its output
 * is not what it promised; `BudgetExceeded`, `RequestTimeout`, `Interrupted`,
 * `WaitCycle` as for any request.
 */
export async function callCapability(
  caller: Caller,
  directory: CapabilityDirectory,
  name: string,
  input: unknown,
  run: (capability: Capability<unknown, unknown>, input: unknown) => Promise<unknown>,
): Promise<unknown> {
  const entry = directory.find(name);
  if (entry === undefined) {
    throw new NoResponder({ target: `capability ${name}`, asked: 0 });
  }
  const { capability } = entry;
  if (!directory.permits(name, input, caller.cell?.path)) {
    const cause = new Error(`'${caller.cell?.path ?? 'the caller'}' is not permitted to call it`);
    throw new CapabilityError({ capability: name, cause });
  }
  takeToolCall(caller);
  const checked = check(capability.input, input, 'input of', name);
  try {
    const output = await run(capability, checked);
    return check(capability.output, output, 'output of', name);
  } catch (failure) {
    directory.failed(name);
    throw passesOn(failure, name) ? failure : new CapabilityError({ capability: name, cause: failure });
  }
}

/** A call is counted before it is made: it is refused rather than paid for too late. */
function takeToolCall(caller: Caller): void {
  for (const lease of payers(caller.lease, caller.cell?.lease)) {
    if (!lease.tryTake('toolCalls', 1)) {
      throw lease.refusal('toolCalls', 1);
    }
  }
}

/** What happened to the call rather than in it. */
const passesOn = (failure: unknown, name: string): boolean =>
  isOf(failure, RequestTimeout) ||
  isOf(failure, Interrupted) ||
  isOf(failure, BudgetExceeded) ||
  isOf(failure, WaitCycle) ||
  (isOf(failure, NoResponder) && failure.target === name);
