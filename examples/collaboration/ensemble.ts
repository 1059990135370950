/**
 * An ensemble: several classifiers look at the same text, and the label that most of them give wins. One that crashes
 * or is slow does not matter, as long as enough others agree.
 *
 *     text ──> keywords, tone, length ──> majority ──> label
 */
import assert from 'node:assert/strict';
import { createSystem, defineAgent, defineTopic, gather, majority, pipeline, type } from 'troupe';

type Label = 'praise' | 'complaint' | 'question';
type Vote = { readonly label: Label; readonly by: string };

export const Classify = defineTopic('classify', { schema: type<string>(), reply: type<Vote>() });

/** A classifier: a stand-in for a model with its own prompt. */
export const classifier = (name: string, labelOf: (text: string) => Label) =>
  defineAgent({ name, subscribe: [Classify], receive: (text) => ({ label: labelOf(text), by: name }) });

export const keywords = classifier('keywords', (text) =>
  /broken|late|never/.test(text) ? 'complaint' : 'praise',
);
export const tone = classifier('tone', (text) => (text.includes('!') ? 'complaint' : 'praise'));
export const marks = classifier('marks', (text) => {
  if (text.length > 200) throw new RangeError('too long for this one');
  return text.endsWith('?') ? 'question' : text.includes('broken') ? 'complaint' : 'praise';
});

await using system = createSystem();
const members = [keywords, tone, marks].map((agent) => system.spawn(agent));

// #region ensemble
const ensemble = pipeline(
  gather(
    members,
    majority(({ label }) => label),
  ),
  ({ value, outcomes }) => ({
    label: value.label,
    votes: outcomes.map((outcome) => (outcome._tag === 'Replied' ? outcome.value.label : outcome._tag)),
  }),
);
// #endregion

const verdict = await system.request(ensemble, 'My parcel came late and broken!', { timeoutMs: 1_000 });
assert.equal(verdict.label, 'complaint');

// Two agree, so nobody waits for the third, which does not even take such a text.
const long = await system.request(ensemble, `This was broken! ${'Really. '.repeat(40)}`, {
  timeoutMs: 1_000,
});
assert.equal(long.label, 'complaint');
assert.deepEqual(long.votes, ['complaint', 'complaint', 'Interrupted']);
console.log(`${verdict.label}: ${verdict.votes.join(', ')}`);
