"""The official OpenAI SDK for Python."""

import openai
import pytest
from resources import LIMITED_KEY, NONE_KEY

QUESTION = [{"role": "user", "content": "Say hello"}]
SENTENCE = "Hello! This is the mock provider, at your service."
TOOLS = [{"type": "function", "function": {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}}}]
ARGUMENTS = '{"location":"Paris","unit":"celsius"}'


def test_whole(client, mock):
    reply = client.chat.completions.with_raw_response.create(model="chat", messages=QUESTION)
    completion = reply.parse()
    assert completion.model == "chat"
    assert completion.choices[0].message.content == SENTENCE
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.prompt_tokens == 9
    assert completion.usage.prompt_tokens_details.cached_tokens == 3
    # What the provider says passes through.
    assert completion.id.startswith("chatcmpl-mock-")
    assert completion.created == 1700000000
    assert completion.system_fingerprint == "fp_mock"
    assert completion.service_tier == "default"
    assert completion.choices[0].message.annotations == []
    assert reply.headers["x-aisix-call-id"] == reply.headers["x-aisix-request-id"]
    assert reply.headers["server"].startswith("AISIX/")
    assert "openai-processing-ms" not in reply.headers
    assert mock.only_request(reply.headers["x-aisix-request-id"])["target"] == "/v1/chat/completions"


def test_streamed(client):
    with client.chat.completions.create(model="chat", messages=QUESTION, stream=True) as stream:
        chunks = list(stream)
    assert {chunk.model for chunk in chunks} == {"chat"}
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == SENTENCE
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    # Nobody asked for usage: the chunk that the gateway asked for itself stays here.
    assert all(chunk.choices for chunk in chunks)
    assert not any(chunk.usage for chunk in chunks)


def test_streamed_with_usage(client):
    stream = client.chat.completions.create(model="chat", messages=QUESTION, stream=True,
                                            stream_options={"include_usage": True})
    chunks = list(stream)
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == 9
    assert chunks[-1].model == "chat"


def test_tool_call_round_trip(client):
    first = client.chat.completions.create(model="chat", messages=QUESTION, tools=TOOLS)
    call = first.choices[0].message.tool_calls[0]
    assert first.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, call.function.arguments) == ("get_weather", ARGUMENTS)
    messages = [*QUESTION, first.choices[0].message.model_dump(exclude_none=True),
                {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}]
    second = client.chat.completions.create(model="chat", messages=messages, tools=TOOLS)
    assert second.choices[0].message.content == "The tool said: 21 degrees"


def test_tool_call_streamed(client):
    name, arguments = "", ""
    for chunk in client.chat.completions.create(model="chat", messages=QUESTION, tools=TOOLS, stream=True,
                                                extra_body={"mock": {"chunks": 5}}):
        for call in chunk.choices[0].delta.tool_calls or []:
            name += call.function.name or ""
            arguments += call.function.arguments or ""
    assert (name, arguments) == ("get_weather", ARGUMENTS)


def test_two_choices(client):
    completion = client.chat.completions.create(model="chat", messages=QUESTION, n=2)
    assert [choice.index for choice in completion.choices] == [0, 1]
    seen = set()
    for chunk in client.chat.completions.create(model="chat", messages=QUESTION, n=2, stream=True):
        seen.update(choice.index for choice in chunk.choices)
    assert seen == {0, 1}


def test_logprobs(client):
    completion = client.chat.completions.create(model="chat", messages=QUESTION, logprobs=True, top_logprobs=1)
    assert completion.choices[0].logprobs.content[0].logprob == -0.25
    chunks = list(client.chat.completions.create(model="chat", messages=QUESTION, logprobs=True, stream=True))
    assert any(chunk.choices[0].logprobs and chunk.choices[0].logprobs.content[0].token for chunk in chunks)


def test_image_part(client):
    completion = client.chat.completions.create(model="chat", messages=[{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}])
    assert completion.choices[0].message.content == "I see 1 image(s) and 0 audio part(s)."


def test_developer_role(client):
    messages = [{"role": "developer", "content": "Be brief."}, *QUESTION]
    assert client.chat.completions.create(model="chat", messages=messages).usage.prompt_tokens == 11


def test_wrong_key(gateway):
    sdk = openai.OpenAI(base_url=gateway.base, api_key="sk-wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as error:
        sdk.chat.completions.create(model="chat", messages=QUESTION)
    assert error.value.body == {"message": "invalid API key", "type": "invalid_api_key"}


def test_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as error:
        client.chat.completions.create(model="nowhere", messages=QUESTION)
    assert error.value.body == {"message": 'model "nowhere" not found', "type": "model_not_found"}


def test_model_not_allowed(gateway):
    sdk = openai.OpenAI(base_url=gateway.base, api_key=LIMITED_KEY, max_retries=0)
    assert sdk.chat.completions.create(model="chat", messages=QUESTION).model == "chat"
    assert sdk.chat.completions.create(model="mock/allowed-1", messages=QUESTION).model == "mock/allowed-1"
    with pytest.raises(openai.PermissionDeniedError) as error:
        sdk.chat.completions.create(model="other", messages=QUESTION)
    assert error.value.body["message"] == 'API key is not allowed to use model "other"'


@pytest.mark.parametrize("stream", [False, True])
def test_provider_rate_limit(client, mock, stream):
    with pytest.raises(openai.RateLimitError) as error:
        client.chat.completions.create(model="mock/m?status=429&retry_after=7", messages=QUESTION, stream=stream)
    assert error.value.response.headers["retry-after"] == "7"
    assert error.value.body == {"message": "mock error 429", "type": "upstream_error", "param": "mock_param",
                                "code": "mock_code"}
    # A 429 is the caller's to handle: no retry.
    assert len(mock.requests(error.value.response.headers["x-aisix-request-id"])) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_provider_failure(client, mock, stream):
    with pytest.raises(openai.InternalServerError) as error:
        client.chat.completions.create(model="mock/m?status=500", messages=QUESTION, stream=stream)
    assert error.value.status_code == 502
    assert error.value.body == {"message": "upstream returned 500", "type": "upstream_error"}
    assert len(mock.requests(error.value.response.headers["x-aisix-request-id"])) == 3


def test_provider_recovers(client, mock):
    reply = client.chat.completions.with_raw_response.create(
        model="mock/m?status=503&fail_times=2&key=recovers", messages=QUESTION)
    assert reply.parse().choices[0].message.content == SENTENCE
    assert len(mock.requests(reply.headers["x-aisix-request-id"])) == 3


@pytest.mark.parametrize("stream", [False, True])
def test_provider_too_slow(client, stream):
    with pytest.raises(openai.InternalServerError) as error:
        client.chat.completions.create(model="impatient/m?hang=1", messages=QUESTION, stream=stream)
    assert error.value.status_code == 504
    assert error.value.body == {"message": "upstream request timed out after 300ms", "type": "timeout"}


def test_caller_gives_up(client, mock):
    before = mock.stats()["cancelled"]
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.3).chat.completions.create(model="mock/m?hang=1", messages=QUESTION)
    from processes import wait_until
    wait_until(lambda: mock.stats()["cancelled"] > before, "the provider's request was cancelled")


def test_models(client, gateway):
    listed = {entry.id: entry.owned_by for entry in client.models.list()}
    assert listed == {"chat": "openai", "other": "openai"}
    limited = openai.OpenAI(base_url=gateway.base, api_key=LIMITED_KEY, max_retries=0)
    assert [entry.id for entry in limited.models.list()] == ["chat"]
    nothing = openai.OpenAI(base_url=gateway.base, api_key=NONE_KEY, max_retries=0)
    assert list(nothing.models.list()) == []


def test_many_at_once(gateway):
    import asyncio

    async def run():
        async with openai.AsyncOpenAI(base_url=gateway.base, api_key="sk-caller-1", max_retries=0) as sdk:
            return await asyncio.gather(*(
                sdk.chat.completions.create(model=f"mock/m{i}", messages=QUESTION,
                                            extra_body={"mock": {"content": f"answer {i}", "ttft_ms": 50}})
                for i in range(100)))

    for i, completion in enumerate(asyncio.run(run())):
        assert completion.model == f"mock/m{i}"
        assert completion.choices[0].message.content == f"answer {i}"
