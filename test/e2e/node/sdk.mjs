// One scenario with the official OpenAI SDK for Node.js: node sdk.mjs BASE_URL KEY SCENARIO. Prints a JSON object.
import OpenAI from "openai";

const [baseURL, apiKey, scenario] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 20000 });
const messages = [{ role: "user", content: "Say hello" }];
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }];

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return { name: error.constructor.name, status: error.status, body: error.error,
             retryAfter: error.headers?.["retry-after"] };
  }
  return { name: "none" };
}

const scenarios = {
  async whole() {
    const reply = await client.chat.completions.create({ model: "chat", messages });
    return { model: reply.model, content: reply.choices[0].message.content, usage: reply.usage.total_tokens,
             fingerprint: reply.system_fingerprint };
  },
  async streamed() {
    const stream = await client.chat.completions.create({ model: "chat", messages, stream: true });
    let content = "", usage = null, models = new Set();
    for await (const chunk of stream) {
      content += chunk.choices[0]?.delta?.content ?? "";
      usage = chunk.usage ?? usage;
      models.add(chunk.model);
    }
    return { content, usage, models: [...models] };
  },
  async usage() {
    const stream = await client.chat.completions.create(
      { model: "chat", messages, stream: true, stream_options: { include_usage: true } });
    let last;
    for await (const chunk of stream) last = chunk;
    return { choices: last.choices.length, tokens: last.usage.completion_tokens };
  },
  async tools() {
    const first = await client.chat.completions.create({ model: "chat", messages, tools });
    const call = first.choices[0].message.tool_calls[0];
    const second = await client.chat.completions.create({ model: "chat", tools, messages: [
      ...messages, first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "21 degrees" }] });
    return { name: call.function.name, location: JSON.parse(call.function.arguments).location,
             answer: second.choices[0].message.content };
  },
  async choices() {
    const reply = await client.chat.completions.create({ model: "chat", messages, n: 2 });
    return { indexes: reply.choices.map((choice) => choice.index) };
  },
  async logprobs() {
    const reply = await client.chat.completions.create({ model: "chat", messages, logprobs: true });
    return { logprob: reply.choices[0].logprobs.content[0].logprob };
  },
  async image() {
    const reply = await client.chat.completions.create({ model: "chat", messages: [{ role: "user", content: [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }] }] });
    return { content: reply.choices[0].message.content };
  },
  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return { ids };
  },
  wrongKey: () => failure(new OpenAI({ baseURL, apiKey: "sk-wrong", maxRetries: 0 })
    .chat.completions.create({ model: "chat", messages })),
  unknownModel: () => failure(client.chat.completions.create({ model: "nowhere", messages })),
  notAllowed: () => failure(client.chat.completions.create({ model: "other", messages })),
  rateLimit: () => failure(client.chat.completions.create({ model: "mock/m?status=429&retry_after=7", messages })),
  providerFailure: () => failure(client.chat.completions.create({ model: "once/m?status=500", messages })),
  providerSlow: () => failure(client.chat.completions.create({ model: "impatient/m?hang=1", messages })),
  callerTimeout: () => failure(client.chat.completions.create(
    { model: "mock/m?hang=1", messages }, { timeout: 300 })),
  async abort() {
    // Leaves the stream after the first chunk.
    const stream = await client.chat.completions.create(
      { model: "mock/m?chunks=100000&gap_ms=20", messages, stream: true });
    let seen = 0;
    for await (const chunk of stream) {
      if (++seen === 2) break;
    }
    return { seen };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
