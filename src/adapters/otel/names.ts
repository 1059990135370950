/**
 * Names: every span, attribute, metric and log of ours, in one place and with a version.
 *
 * Dashboards are built on these, so a change here is a change of the interface:
 * raise the version with it. Names of the semantic conventions are taken where
 * there are any; `gen_ai.*` are those of calls of tools. What is particular to
 * Troupe begins with `troupe.`.
 *
 * Source: OpenTelemetry Semantic Conventions 1.38: messaging, GenAI, general attributes.
 */

/** What our spans, metrics and logs say they come from; the version is that of the names. */
export const scope = { name: 'troupe', version: '1' } as const;

/** Names of spans: an operation and its subject, `publish orders.placed`. */
export const spanOperations = {
  publish: 'publish',
  tell: 'tell',
  request: 'request',
  stream: 'stream',
  tool: 'execute_tool',
  process: 'process',
  timer: 'timer',
  child: 'child',
} as const;

export const attributes = {
  messagingSystem: 'messaging.system',
  operationName: 'messaging.operation.name',
  /** `send` or `process`. */
  operationType: 'messaging.operation.type',
  /** The topic. */
  destination: 'messaging.destination.name',
  /** `system-id/number`. */
  messageId: 'messaging.message.id',
  /** The thread. */
  conversationId: 'messaging.message.conversation_id',
  /** The failure's tag, or the name of what was thrown. */
  errorType: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  genAiOperation: 'gen_ai.operation.name',
  genAiTool: 'gen_ai.tool.name',

  /** Name of the definition of the agent that is spoken of. */
  agentName: 'troupe.agent.name',
  /** Path of the agent that is spoken of: on spans and logs, never on metrics. */
  agentPath: 'troupe.agent.path',
  /** Path of the agent that a message is for. */
  receiver: 'troupe.receiver',
  /** Path of the child of a machine whose work came back. */
  child: 'troupe.machine.child',
  /** How many envelopes came before it. */
  hops: 'troupe.hops',
  /** `handled`, `failed`, `interrupted` or `put-back`. */
  outcome: 'troupe.outcome',
  /** How many replies a stream had. */
  replies: 'troupe.stream.replies',
  verb: 'troupe.verb',
  cause: 'troupe.dead_letter.cause',
  failureClass: 'troupe.failure.class',
  directive: 'troupe.supervision.directive',
  supervisor: 'troupe.supervision.supervisor',
  resource: 'troupe.budget.resource',
  /** What a log had beside its message, each under its own name. */
  field: 'troupe.field.',
} as const;

/** Metrics: name, unit and what they count. */
export const metrics = {
  processDuration: {
    name: 'messaging.process.duration',
    unit: 's',
    description: 'How long handlings took.',
  },
  sentMessages: {
    name: 'messaging.client.sent.messages',
    unit: '{message}',
    description: 'Messages that left: published, told, requested.',
  },
  requestDuration: {
    name: 'troupe.request.duration',
    unit: 's',
    description: 'How long requests, streams and calls of capabilities took until they were settled.',
  },
  deadLetters: {
    name: 'troupe.dead_letters',
    unit: '{message}',
    description: 'Messages that could not be handled, by cause.',
  },
  drops: {
    name: 'troupe.mailbox.drops',
    unit: '{message}',
    description: 'Messages that found no room in a mailbox, by cause.',
  },
  failures: { name: 'troupe.failures', unit: '{failure}', description: 'Failures, by class.' },
  restarts: { name: 'troupe.agent.restarts', unit: '{restart}', description: 'Restarts of agents.' },
  budgetSpent: {
    name: 'troupe.budget.spent',
    unit: '1',
    description: 'What was spent of budgets, by resource, as of the end of each handling.',
  },
  mailboxDepth: {
    name: 'troupe.mailbox.depth',
    unit: '{message}',
    description: 'Messages that wait, of all agents of a definition.',
  },
  activeAgents: { name: 'troupe.agents.active', unit: '{agent}', description: 'Agents that live.' },
} as const;

/** Names of log records that are events rather than lines. */
export const eventNames = {
  failure: 'troupe.failure',
  deadLetter: 'troupe.dead_letter',
  restart: 'troupe.agent.restart',
} as const;
