// A system inside a service: replies and streams as HTTP responses, health, and an end that loses nothing.

export { type CassetteFileOptions, CassetteLocked, cassetteFile } from './cassette-file.ts';
// Files of this machine: where a system's events and models' answers go, and the documents that agents read.
export { FileBehind, type FileWriter, type FileWriterOptions, fileWriter } from './file-writer.ts';
export { type FileFacts, type Files, nodeFiles } from './files.ts';
export {
  type GracefulShutdown,
  type GracefulShutdownOptions,
  gracefulShutdown,
  type ShutdownReport,
} from './graceful-shutdown.ts';
export {
  type HealthQuestion,
  type HealthReport,
  healthReport,
  healthResponse,
  sendHealth,
} from './health-report.ts';
export { type Problem, type ProblemOptions, problemOf } from './http-problem.ts';
export { lastEventId } from './node-request.ts';
export {
  type Document,
  type DocumentRead,
  PathNotFound,
  type ReadDocumentsOptions,
  readDocuments,
  type SkipReason,
} from './read-documents.ts';
export { BodyUnusable, type ReadJsonOptions, readJson } from './read-json.ts';
export type { OnDisconnect, PumpOptions, StreamOutcome } from './reply-pump.ts';
export type { ReplyTerms, Terms, TermsOptions } from './request-terms.ts';
export { type ReplyOutcome, type SendReplyOptions, sendProblem, sendReply } from './send-reply.ts';
export { type SendStreamOptions, sendStream } from './send-stream.ts';
export { type SseEvent, sseComment, sseText } from './sse-event.ts';
export { ndjson, plainText, type SseOptions, type StreamFormat, sse } from './stream-format.ts';
export {
  problemResponse,
  type ReplyResponseOptions,
  replyResponse,
  type StreamResponseOptions,
  streamResponse,
} from './stream-response.ts';
export { traceIn, traceOut } from './trace-headers.ts';
