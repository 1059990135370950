/** Whether the parts of a stream come in an order that a provider keeps. */
import type { Part } from './model-calls.ts';

/** What is wrong with the order of these parts, in words; nothing of a stream that only ends too early. */
export function disorderIn(parts: readonly Part[]): string[] {
  const wrong: string[] = [];
  const open = new Map<string, string>();
  const inputs = new Map<string, string>();
  const called = new Set<string>();
  let isFinished = false;
  for (const [n, part] of parts.entries()) {
    if (isFinished) wrong.push(`${part.type} after the finish`);
    if ((part.type === 'stream-start') !== (n === 0)) wrong.push(`part ${n} is ${part.type}`);
    const [kind, edge] = edgeOf(part.type);
    if (edge !== undefined && 'id' in part) {
      const name = `${kind} ${part.id}`;
      if ((edge === 'start') === open.has(name)) wrong.push(`${part.type} of ${part.id}`);
      if (edge === 'start') open.set(name, '');
      if (edge === 'delta' && 'delta' in part) open.set(name, (open.get(name) ?? '') + part.delta);
      if (edge === 'end') {
        if (kind === 'tool-input') inputs.set(part.id!, open.get(name) ?? '');
        open.delete(name);
      }
    }
    if (part.type === 'tool-call') {
      const input = inputs.get(part.toolCallId) ?? part.input;
      if (input !== part.input) wrong.push(`${part.toolCallId} was streamed as ${input}`);
      if (called.has(part.toolCallId)) wrong.push(`${part.toolCallId} twice`);
      called.add(part.toolCallId);
    }
    if (part.type === 'finish') {
      isFinished = true;
      if (open.size > 0) wrong.push(`finished while ${[...open.keys()]} are open`);
    }
  }
  return wrong;
}

const edgeOf = (type: string): [string, string | undefined] => {
  const match = /^(text|reasoning|tool-input)-(start|delta|end)$/.exec(type);
  return [match?.[1] ?? type, match?.[2]];
};
