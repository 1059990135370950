import { describe, expect, it } from 'vitest';
import { CapabilityError, isCapability } from '../../src/actors/capability.ts';
import { capability, DefinedCapability } from '../../src/actors/define-capability.ts';
import { MailboxFull } from '../../src/core/mailbox.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { InvalidTopicName } from '../../src/core/topic-name.ts';

const aCapability = (name: string) =>
  capability(name, {
    description: 'tells the weather',
    input: type<string>(),
    output: type<number>(),
    timeoutMs: 50,
    run: () => 20,
  });

describe('a capability', () => {
  it('says what it is called, what it does, and how long it may take', () => {
    expect(aCapability('weather.get')).toMatchObject({
      name: 'weather.get',
      description: 'tells the weather',
      timeoutMs: 50,
      topic: { name: 'capability.weather.get' },
    });
    expect(aCapability('weather.get')).toBeInstanceOf(DefinedCapability);
    const { input, output, topic } = aCapability('weather.get') as DefinedCapability;
    expect([topic.schema, topic.reply]).toEqual([input, output]);
  });

  it('is refused when its name is no name of a topic', () => {
    expect(() => aCapability('weather get')).toThrow(InvalidTopicName);
  });

  it('is told from a topic', () => {
    expect(isCapability(aCapability('weather'))).toBe(true);
    expect(isCapability(defineTopic('weather', { schema: type<string>() }))).toBe(false);
  });
});

describe('the failure of a capability', () => {
  it('names the capability and what went wrong', () => {
    const failure = new CapabilityError({ capability: 'weather', cause: new Error('no satellite') });

    expect(failure).toMatchObject({ code: 'CAPABILITY_ERROR', capability: 'weather' });
    expect(String(failure)).toBe("CapabilityError: capability 'weather' failed: no satellite");
  });

  it('has the class of what went wrong', () => {
    const cause = new MailboxFull({ receiver: '/a', payload: 1, capacity: 1 });

    expect(new CapabilityError({ capability: 'weather', cause }).class).toBe('overload');
  });

  it('is permanent when the code threw, because the defect is not the one of who called', () => {
    expect(new CapabilityError({ capability: 'weather', cause: 'a string' })).toMatchObject({
      class: 'permanent',
      message: "capability 'weather' failed: a string",
    });
  });
});
