/**
 * A system inside a Nest app on Express. Decorators are applied as the functions that
 * they are, because Node runs this file by stripping its types; with a compiler write
 * `@Get('story')` as always.
 */
import 'reflect-metadata';
import type { Server, ServerResponse } from 'node:http';
import { Body, Controller, Get, Inject, Module, Post, Query, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { System } from 'troupe';
import { sendHealth, sendReply, sendStream } from 'troupe/node';
import { Question, Story, system } from './agents.ts';

class Stories {
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  ask(body: { text: string }, response: ServerResponse): void {
    void sendReply(response, (terms) => this.#system.request(Question, body, terms));
  }

  // #region nest
  story(words: string, response: ServerResponse): void {
    void sendStream(response, (terms) => this.#system.stream(Story, { words: Number(words) }, terms));
  }
  // #endregion

  live(response: ServerResponse): void {
    sendHealth(response, this.#system, 'live');
  }

  ready(response: ServerResponse): void {
    sendHealth(response, this.#system, 'ready');
  }
}

const method = (
  name: keyof Stories & string,
  route: MethodDecorator,
  ...parameters: ParameterDecorator[]
) => {
  route(Stories.prototype, name, Object.getOwnPropertyDescriptor(Stories.prototype, name)!);
  for (const [at, parameter] of parameters.entries()) parameter(Stories.prototype, name, at);
};
Inject('system')(Stories, undefined, 0);
Controller()(Stories);
method('ask', Post('ask'), Body(), Res());
method('story', Get('story'), Query('words'), Res());
method('live', Get('live'), Res());
method('ready', Get('ready'), Res());

class App {}
Module({ controllers: [Stories], providers: [{ provide: 'system', useValue: system }] })(App);

export async function serve(port: number): Promise<Server> {
  const app = await NestFactory.create(App, { logger: ['error', 'warn'] });
  await app.listen(port, '127.0.0.1');
  return app.getHttpServer() as Server;
}
