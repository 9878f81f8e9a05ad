// What aimock says to the providers in `aimock.py`; it ends with its standard input.
import { LLMock } from "@copilotkit/aimock";

const text = "Hi there! Grüße 🎉 世界. ".repeat(8);
const send = { name: "mail__send", arguments: '{"to":"kim"}' };
const read = { name: "files__read", arguments: '{"path":"a.txt"}' };
const refused = (status, message, type, code) => ({ error: { message, type, code }, status });
const mock = new LLMock({ port: 0 });

mock.on({ userMessage: "two calls", hasToolResult: true, toolResultContains: "result of files.read" }, { content: "Both are done." });
mock.onMessage("two calls", { toolCalls: [send, read] });
mock.onMessage("words and a call", { content: "I send it.", toolCalls: [send] });
mock.onMessage("hello", { content: text });
mock.onMessage("think", { content: "Answer.", reasoning: "I think first." });
mock.onMessage("slowly", { content: text }, { chunkSize: 5, streamingProfile: { ttft: 100, tps: 200, jitter: 0.5 } });
mock.onMessage("limit", refused(429, "Rate limited", "rate_limit_error"));
mock.onMessage("busy", refused(500, "boom", "server_error"));
mock.onMessage("long", refused(400, "prompt is too long: 9000 tokens > 2048 maximum", "invalid_request_error", "context_length_exceeded"));
mock.onMessage("key", refused(401, "Incorrect API key", "authentication_error"));
mock.onMessage("cut", { content: text }, { chunkSize: 5, latency: 20, truncateAfterChunks: 6 });
mock.onMessage("hang up", { content: text }, { chunkSize: 5, latency: 20, disconnectAfterMs: 200 });
mock.onMessage("late", { content: text }, { streamingProfile: { ttft: 6000 }, chaos: { latencyMs: 2000 } });
mock.onMessage("a shape", { content: '{"city": "Oslo"}' });

await mock.start();
console.log(mock.url);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
