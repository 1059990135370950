/** Calls of models, as a loop would make them, and readers of what comes. */
import type {
  LanguageModel,
  ModelCall,
  StreamPartV3,
  StreamPartV4,
} from '../../src/models/language-model.ts';

export type Part = StreamPartV3 | StreamPartV4;

/** A call in which the user says one thing. */
export const asking = (text: string, more: Partial<ModelCall> = {}): ModelCall => ({
  prompt: [{ role: 'user', content: [{ type: 'text', text }] }],
  ...more,
});

/** What came of reading a stream to its end. */
export interface Reading {
  readonly parts: Part[];
  readonly failure?: unknown;
}

/** Reads all parts, and what the call or the stream failed of. */
export async function read(model: LanguageModel, call: ModelCall = asking('Hello')): Promise<Reading> {
  const parts: Part[] = [];
  try {
    const { stream } = await model.doStream(call);
    for await (const part of stream as AsyncIterable<Part> & typeof stream) {
      parts.push(part);
    }
  } catch (failure) {
    return { parts, failure };
  }
  return { parts };
}

/** What `doGenerate` answers, or fails of. */
export const generated = (model: LanguageModel, call: ModelCall = asking('Hello')): Promise<unknown> =>
  Promise.resolve(model.doGenerate(call)).catch((failure: unknown) => ({ failure }));

/** The text in these parts. */
export const textIn = (parts: readonly Part[]): string =>
  parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('');

export const typesOf = (parts: readonly Part[]): string[] => parts.map(({ type }) => type);
