/** What an editor shows over these names is told by `hover.spec.ts`. */
import { capability, createSystem, defineAgent, defineTopic, on, type } from 'troupe';

export const Question = defineTopic('question', { schema: type<string>(), reply: type<number>() });
export const Order = defineTopic('order', { schema: type<{ id: string }>() });
export const counter = defineAgent({
  name: 'counter',
  subscribe: [Question],
  receive: (text) => text.length,
});
export const clerk = defineAgent({
  name: 'clerk',
  on: [on(Question, (text) => text.length), on(Order, () => {})],
});
export const Double = capability('double', { input: type<number>(), output: type<string>(), run: String });
export const system = createSystem();
export const ref = system.spawn(counter);
export const reply = system.request(ref, 'how long?');
export const replies = system.stream(ref, 'how long?');
export const called = system.tool(Double, 2);
export const room = system.publish(Order, { id: 'a' });
export const orders = system.observe(Order, { overflow: 'suspend' });
