/** Our models are the AI SDK's and the other way round: this file says so to the compiler, in both directions. */
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { LanguageModel } from 'ai';
import {
  type ContentV4,
  type LanguageModel as Model,
  type ModelAnswer,
  type ModelCall,
  type ModelUsage,
  type LanguageModelV3 as ModelV3,
  type LanguageModelV4 as ModelV4,
  type StreamPartV3,
  type StreamPartV4,
  scriptedModel,
} from 'troupe/testing';
import { expect, expectTypeOf, it } from 'vitest';

it('a scripted model is a model of the AI SDK, version 4 or 3', () => {
  const model = scriptedModel(['Hello']);
  const older = scriptedModel(['Hello'], { specificationVersion: 'v3' });

  expectTypeOf(model).toExtend<LanguageModelV4>();
  expectTypeOf(older).toExtend<LanguageModelV3>();
  expectTypeOf(model).toExtend<LanguageModel>();
  expectTypeOf(older).toExtend<LanguageModel>();
  expect([model.specificationVersion, older.specificationVersion]).toEqual(['v4', 'v3']);
});

it('a model of the AI SDK is a model here, and the other way round', () => {
  expectTypeOf<LanguageModelV4>().toExtend<ModelV4>();
  expectTypeOf<LanguageModelV3>().toExtend<ModelV3>();
  expectTypeOf<LanguageModelV4 | LanguageModelV3>().toExtend<Model>();
  expectTypeOf<ModelV4>().toExtend<LanguageModelV4>();
  expectTypeOf<ModelV3>().toExtend<LanguageModelV3>();
});

it('each part of an answer is the same on both sides', () => {
  expectTypeOf<StreamPartV4>().toExtend<LanguageModelV4StreamPart>();
  expectTypeOf<LanguageModelV4StreamPart>().toExtend<StreamPartV4>();
  expectTypeOf<StreamPartV3>().toExtend<LanguageModelV3StreamPart>();
  expectTypeOf<LanguageModelV3StreamPart>().toExtend<StreamPartV3>();
  expectTypeOf<ContentV4>().toExtend<LanguageModelV4Content>();
  expectTypeOf<LanguageModelV4Content>().toExtend<ContentV4>();
  expectTypeOf<ModelUsage>().toExtend<LanguageModelV4Usage>();
  expectTypeOf<LanguageModelV4Usage>().toExtend<ModelUsage>();
  expectTypeOf<LanguageModelV4GenerateResult>().toExtend<ModelAnswer>();
});

it('what the AI SDK asks can be read here', () => {
  expectTypeOf<LanguageModelV4CallOptions>().toExtend<ModelCall>();
  expectTypeOf<LanguageModelV3CallOptions>().toExtend<ModelCall>();
});
