"""Resources files for the tests."""

import hashlib

KEY = "sk-caller-1"
LIMITED_KEY = "sk-caller-limited"
NONE_KEY = "sk-caller-none"
DISABLED_KEY = "sk-caller-disabled"
EXPIRED_KEY = "sk-caller-expired"
PROVIDER_KEY = "sk-provider-secret"


def key_hash(key):
    return hashlib.sha256(key.encode()).hexdigest()


def provider_key(name, base, **more):
    return {"display_name": name, "provider": "openai", "api_key": PROVIDER_KEY, "api_base": base, **more}


def model(name, upstream, key="mock", **more):
    return {"display_name": name, "provider": "openai", "model_name": upstream, "provider_key": key, **more}


def api_key(name, key, models=("*",), **more):
    return {"display_name": name, "key_hash": key_hash(key), "allowed_models": list(models), **more}


def resources(base, models=(), provider_keys=(), api_keys=()):
    """The set that most tests share: `mock/<upstream name>` reaches any upstream model, and so any behaviour of the
    mock provider (`mock/m?status=500`)."""
    return {
        "_format_version": "1",
        "provider_keys": [provider_key("mock", base), *provider_keys],
        "models": [
            model("chat", "upstream-chat"),
            model("other", "upstream-other"),
            model("mock/*", "*"),
            model("once/*", "*", retries=0),
            model("impatient/*", "*", timeout=300, stream_timeout=300, retries=0),
            *models,
        ],
        "api_keys": [
            api_key("caller", KEY),
            api_key("limited", LIMITED_KEY, ["chat", "mock/allowed*"]),
            api_key("none", NONE_KEY, []),
            api_key("disabled", DISABLED_KEY, disabled=True),
            api_key("expired", EXPIRED_KEY, expires_at="2020-01-01T00:00:00Z"),
            *api_keys,
        ],
    }
