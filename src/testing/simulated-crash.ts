/** What an agent fails of when a world makes it fail. */
import { Failure } from '../core/failure.ts';

/** The agent was made to fail by the simulation. */
export class SimulatedCrash extends Failure {
  readonly _tag = 'SimulatedCrash';
  readonly code = 'DEFECT';
  readonly class = 'defect';
  readonly agent: string;

  constructor(facts: { agent: string }) {
    super();
    this.agent = facts.agent;
  }

  override get message(): string {
    return `the simulation crashed '${this.agent}'`;
  }
}
