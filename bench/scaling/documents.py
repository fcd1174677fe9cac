"""What is written to etcd: documents as a control plane would make them."""

import hashlib
import uuid

PREFIX = "/aisix"
SPACE = uuid.UUID("9d6b2d3e-6d0c-5f8a-9f6c-0d1f3a1c7b55")


def identifier(kind, number):
    return str(uuid.uuid5(SPACE, f"{kind}/{number}"))


def key_of(kind, number):
    return f"{PREFIX}/{kind}/{identifier(kind, number)}"


def secret(number):
    return f"sk-scale-{number:08}"


def caller(number, **more):
    return {"display_name": f"caller-{number:06}", "key_hash": hashlib.sha256(secret(number).encode()).hexdigest(),
            "allowed_models": ["*"] if number % 2 else ["model-*", "bench"], "team_id": identifier("team", number % 500),
            "user_id": identifier("user", number), "user_name": f"user-{number:06}@example.com",
            "rate_limit": {"rpm": 6_000_000 + number % 10, "tpm": 1_000_000_000}, **more}


def model(number, provider_keys, **more):
    return {"display_name": f"model-{number:05}", "provider": "openai", "model_name": f"upstream-{number % 100}",
            "provider_key_id": identifier("provider_keys", number % provider_keys), "timeout": 60000,
            "cost": {"input_per_1k": 0.0025, "output_per_1k": 0.01}, **more}


def provider_key(number, base, **more):
    return {"display_name": f"provider-key-{number:05}", "provider": "openai", "api_base": base,
            "api_key": f"sk-upstream-{hashlib.sha256(str(number).encode()).hexdigest()}", **more}
