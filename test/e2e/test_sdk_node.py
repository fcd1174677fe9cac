"""The official OpenAI SDK for Node.js."""

import json
import os
import pathlib
import subprocess

import pytest
from processes import wait_until
from resources import KEY, LIMITED_KEY

SENTENCE = "Hello! This is the mock provider, at your service."
# test.sh copies the script next to its node_modules.
SCRIPT = pathlib.Path(os.environ.get("AISIX_NODE_TESTS", pathlib.Path(__file__).parent / "node")) / "sdk.mjs"


@pytest.fixture
def node(gateway):
    def run(scenario, key=KEY):
        done = subprocess.run(["node", str(SCRIPT), gateway.base, key, scenario], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_whole(node):
    assert node("whole") == {"model": "chat", "content": SENTENCE, "usage": 18, "fingerprint": "fp_mock"}


def test_streamed(node):
    assert node("streamed") == {"content": SENTENCE, "usage": None, "models": ["chat"]}


def test_streamed_with_usage(node):
    assert node("usage") == {"choices": 0, "tokens": 9}


def test_tool_call_round_trip(node):
    assert node("tools") == {"name": "get_weather", "location": "Paris", "answer": "The tool said: 21 degrees"}


def test_two_choices(node):
    assert node("choices") == {"indexes": [0, 1]}


def test_logprobs(node):
    assert node("logprobs") == {"logprob": -0.25}


def test_image_part(node):
    assert node("image") == {"content": "I see 1 image(s) and 0 audio part(s)."}


def test_models(node):
    assert node("models") == {"ids": ["chat", "other"]}


@pytest.mark.parametrize("scenario, key, name, status, body", [
    ("wrongKey", KEY, "AuthenticationError", 401, {"message": "invalid API key", "type": "invalid_api_key"}),
    ("unknownModel", KEY, "NotFoundError", 404, {"message": 'model "nowhere" not found', "type": "model_not_found"}),
    ("notAllowed", LIMITED_KEY, "PermissionDeniedError", 403,
     {"message": 'API key is not allowed to use model "other"', "type": "permission_denied"}),
    ("rateLimit", KEY, "RateLimitError", 429,
     {"message": "mock error 429", "type": "upstream_error", "param": "mock_param", "code": "mock_code"}),
    ("providerFailure", KEY, "InternalServerError", 502,
     {"message": "upstream returned 500", "type": "upstream_error"}),
    ("providerSlow", KEY, "InternalServerError", 504,
     {"message": "upstream request timed out after 300ms", "type": "timeout"}),
])
def test_typed_errors(node, scenario, key, name, status, body):
    error = node(scenario, key)
    assert (error["name"], error["status"], error["body"]) == (name, status, body)
    if scenario == "rateLimit":
        assert error["retryAfter"] == "7"


def test_caller_timeout(node):
    assert node("callerTimeout")["name"] == "APIConnectionTimeoutError"


def test_leaving_a_stream(node, mock):
    before = mock.stats()["cancelled_streams"]
    assert node("abort") == {"seen": 2}
    wait_until(lambda: mock.stats()["cancelled_streams"] > before, "the provider's stream was cancelled")
