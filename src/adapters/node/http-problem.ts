/**
 * A problem: a failure as it is told to whoever sent an HTTP request.
 *
 * A failure's code and class are made to cross a wire; its message and fields are
 * not, since they name agents, capacities and values. So a client is told the
 * status, the code, the class, a fixed sentence, and, when the client itself is
 * wrong, what is wrong with what it sent. Of a defect it is told nothing but 500.
 *
 * | code or class | status | `Retry-After` |
 * |---|--:|---|
 * | `BODY_TOO_LARGE`, `BODY_NOT_JSON`, `BODY_MALFORMED` or `BODY_CUT_OFF` | 413, 415, 400 | |
 * | `TIMEOUT` | 504 | |
 * | `NO_RESPONDER`: nobody is there | 503 | yes |
 * | `NO_RESPONDER`: asked, and not answered | 502 | |
 * | `INVALID_PARAMS` of what the client sent; other failures of class `invalid` | 422 | |
 * | class `overload`, `transient`, `interrupted` | 503 | yes |
 * | class `permanent`, `defect`, `INVALID_PARAMS` between agents | 500 | |
 *
 * Source: RFC 9457, Problem Details for HTTP APIs (2023); RFC 9110 for the statuses.
 */
import { STATUS_CODES } from 'node:http';
import { NoResponder } from '../../actors/request-failures.ts';
import { heed } from '../../actors/thenable.ts';
import { type FailureClass, failureClass, isOf } from '../../core/failure.ts';
import { InvalidParams } from '../../core/schema.ts';
import { BodyUnusable } from './read-json.ts';
import { warnOf } from './warning.ts';

export interface Problem {
  /** A whole number from 200 to 599 whose responses have a body. */
  readonly status: number;
  /** The reason phrase of the status. */
  readonly title: string;
  /** The failure's stable code; `DEFECT` when it has none. */
  readonly code: string;
  readonly class: FailureClass;
  /** What the client may know, in a sentence. */
  readonly detail: string;
  /** What is wrong with what the client sent. */
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  /** Sent as `Retry-After`, in seconds, rounded up. */
  readonly retryAfterS?: number;
}

export interface ProblemOptions {
  /**
   * Chooses what is told instead, given the failure and what would be told
   * otherwise. When it throws, or what it chooses cannot be sent, the latter is told,
   * and the process is warned.
   */
  readonly problem?: (failure: unknown, usual: Problem) => Problem;
}

const details: Readonly<Record<FailureClass, string>> = {
  transient: 'It did not succeed this time; the same request may succeed later.',
  overload: 'There is too much to do at the moment; the same request may succeed later.',
  invalid: 'The request is not as it should be.',
  permanent: 'It did not succeed, and would not if it were tried again.',
  interrupted: 'The work was ended before it was done.',
  defect: 'Something is wrong on our side.',
};

/** Seconds after which an overload is worth another try; not derived. */
const retryAfterS = 1;

const statusOfBody: Readonly<Record<BodyUnusable['code'], number>> = {
  BODY_TOO_LARGE: 413,
  BODY_MALFORMED: 400,
  BODY_NOT_JSON: 415,
  BODY_CUT_OFF: 400,
};

/**
 * Says what a client is told of a failure. Never throws.
 *
 * @example
 * problemOf(new TypeError('password is hunter2')).detail // => 'Something is wrong on our side.'
 * problemOf({ class: 'overload', code: 'MAILBOX_FULL' }).status // => 503
 */
export function problemOf(failure: unknown, options: ProblemOptions = {}): Problem {
  const usual = usualProblem(failure);
  try {
    const chosen = options.problem?.(failure, usual);
    heed(chosen, warnOf);
    return chosen == null ? usual : sendable(chosen);
  } catch (thrown) {
    warnOf(thrown);
    return usual;
  }
}

/** Statuses whose responses have no body. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** Whether a response of a status has a body. */
export const hasBody = (status: number): boolean => !bodiless.has(status);

/** A problem that was made elsewhere, if it can be sent; otherwise it throws. */
function sendable(problem: Problem): Problem {
  const { status, retryAfterS = 0 } = problem;
  if (!Number.isInteger(status) || status < 200 || status > 599 || !hasBody(status)) {
    throw new RangeError(
      `the status of a problem is a whole number from 200 to 599 whose responses have a body; got ${String(status)}`,
    );
  }
  if (!Number.isFinite(retryAfterS) || retryAfterS < 0) {
    throw new RangeError(`retryAfterS of a problem is a number, at least 0; got ${String(retryAfterS)}`);
  }
  problemJson(problem);
  return problem;
}

function usualProblem(failure: unknown): Problem {
  try {
    const usual = problemByKind(failure);
    problemJson(usual);
    return usual;
  } catch {
    // It throws when it is looked at, or it says what cannot be written.
    return problem(500, 'DEFECT', 'defect');
  }
}

function problemByKind(failure: unknown): Problem {
  const kind = failureClass(failure);
  if (kind === 'defect') {
    return problem(500, 'DEFECT', 'defect');
  }
  const code = codeOf(failure);
  if (isOf(failure, BodyUnusable)) {
    // All that it says is about what the client itself has sent.
    return { ...problem(statusOfBody[failure.code], code, kind), detail: failure.message };
  }
  if (code === 'TIMEOUT') {
    return problem(504, code, kind);
  }
  if (isOf(failure, NoResponder)) {
    return failure.asked === 0 ? laterProblem(code, kind) : problem(502, code, kind);
  }
  if (isOf(failure, InvalidParams)) {
    return invalidProblem(failure);
  }
  switch (kind) {
    case 'invalid':
      return problem(422, code, kind);
    case 'permanent':
      // What another agent threw is a defect of ours, and nobody else's business.
      return code === 'DEFECT' ? problem(500, code, 'defect') : problem(500, code, kind);
    default:
      return laterProblem(code, kind);
  }
}

/** Only what came from outside is the client's to mend; the rest is a mistake of ours. */
function invalidProblem({ what, code, issues }: InvalidParams): Problem {
  return /^(payload|input) of /.test(what) || what === requestTimeoutHeader
    ? { ...problem(422, code, 'invalid'), issues: issues.map(({ path, message }) => ({ path, message })) }
    : problem(500, 'DEFECT', 'defect');
}

/** What `InvalidParams` is about when the client's wish for a deadline cannot be understood. */
export const requestTimeoutHeader = 'the header that says how long the client waits';

function problem(status: number, code: string, kind: FailureClass): Problem {
  return { status, title: titleOf(status), code, class: kind, detail: details[kind] };
}

const laterProblem = (code: string, kind: FailureClass): Problem => ({
  ...problem(503, code, kind),
  retryAfterS,
});

const titleOf = (status: number): string => STATUS_CODES[status] ?? 'Problem';

function codeOf(failure: unknown): string {
  const { code } = failure as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'FAILED';
}

/** The body: `application/problem+json`. */
export function problemJson(problem: Problem): string {
  const { status, title, code, class: kind, detail, issues } = problem;
  return JSON.stringify({ type: 'about:blank', title, status, detail, code, class: kind, issues });
}

/** The headers of a response that tells a problem. */
export function problemHeaders(problem: Problem): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(problem.retryAfterS === undefined ? {} : { 'retry-after': String(Math.ceil(problem.retryAfterS)) }),
  };
}
