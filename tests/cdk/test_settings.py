"""The settings of an environment."""

import json
from pathlib import Path
from typing import Any

import pytest

from cdk.settings import Settings, SettingsError

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"
VPCE = "vpce-0123456789abcdef0"

CDK_JSON = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())


@pytest.mark.parametrize("environment", CDK_JSON["context"]["environments"])
def test_every_environment_of_cdk_json_is_valid(environment: str) -> None:
    Settings.from_context(CDK_JSON["context"]["environments"][environment])


@pytest.mark.parametrize(
    ("context", "named"),
    [
        ({"auth": "none"}, "auth"),
        ({"removal_policy": "snapshot"}, "removal_policy"),
        ({"log_retention_days": 2}, "log_retention_days"),
        ({"default_model": "nope"}, "default_model"),
        ({"default_model": "amazon.nova-canvas-v1:0"}, "default_model"),
        ({"bedrock_region": "eu-west-1"}, "bedrock_region"),
        ({"allowed_models": ["nope"]}, "allowed_models"),
        ({"allowed_models": [["nope"]]}, "allowed_models"),
        ({"allowed_models": ["amazon.nova-canvas-v1:0"]}, "allowed_models"),
        ({"allowed_models": ["stability.sd3-5-large-v1:0"]}, "default_model must be one of"),
        ({"gateway_timeout_seconds": 28}, "gateway_timeout_seconds"),
        ({"url_expires_seconds": 3_601}, "url_expires_seconds"),
        ({"model_timeout_seconds": "120"}, "model_timeout_seconds"),
        ({"throttle_burst": True}, "throttle_burst"),
        ({"guard": True}, "guard"),
        ({"guardrail": "maybe"}, "guardrail"),
        ({"guardrail_strength": "NONE"}, "guardrail_strength"),
        ({"visibility": "all"}, "visibility must be one of team, caller"),
        ({"list": "no"}, "list must be one of on, off"),
        ({"guardrail_tier": "standard"}, "guardrail_tier must be one of CLASSIC, STANDARD"),
        ({"guardrail": "off", "guardrail_tier": "STANDARD"}, "guardrail_tier"),
        ({"guardrail_id": "abc"}, "guardrail_version"),
        ({"guardrail_id": "A-B", "guardrail_version": "1"}, "guardrail_id"),
        ({"guardrail_id": "abc", "guardrail_version": "0"}, "guardrail_version"),
        ({"guardrail": "off", "guardrail_id": "abc", "guardrail_version": "1"}, "guardrail_id"),
        ({"guardrail": "off", "denied_words": ["walrus"]}, "denied_words"),
        ({"denied_words": [""]}, "denied_words"),
        ({"denied_words": "walrus"}, "denied_words"),
        ({"denied_topics": ["shares"]}, "denied_topics"),
        ({"denied_topics": [{"name": "Sh/ares", "definition": "x"}]}, "denied_topics"),
        ({"denied_topics": [{"name": "Shares", "definition": "x" * 201}]}, "Shares"),
        ({"denied_topics": [{"name": "S", "definition": "x", "examples": [""]}]}, "examples"),
        ({"alarm_email": "operator"}, "alarm_email"),
        ({"alarm_cost_usd_per_hour": 0}, "alarm_cost_usd_per_hour"),
        ({"generate_concurrency": -1}, "generate_concurrency"),
        ({"generate_concurrency": 1_001}, "generate_concurrency"),
        ({"waf": "yes"}, "waf"),
        ({"allowed_origins": "https://a.example"}, "allowed_origins"),
        ({"domain_name": "images.example.com"}, "certificate_arn"),
        ({"domain_name": "https://images.example.com"}, "domain_name"),
        ({"certificate_arn": CERTIFICATE}, "domain_name"),
        ({"certificate_arn": "certificate/a"}, "certificate_arn"),
        (
            {"domain_name": "a.example", "certificate_arn": CERTIFICATE, "vpc_endpoint_id": VPCE},
            "vpc_endpoint_id",
        ),
        ({"vpc_endpoint_id": "vpc-0123456789abcdef0"}, "vpc_endpoint_id"),
        ({"kms_key_arn": "alias/mine"}, "kms_key_arn"),
        ({"kms_key_arn": "arn:aws:kms:us-east-1:123456789012:alias/mine"}, "kms_key_arn"),
        ({"tags": ["team"]}, "tags"),
        ({"tags": {"team": 1}}, "tags"),
        ({"tags": {"aws:team": "art"}}, "tags"),
        ({"tags": {"AWS:team": "art"}}, "tags"),
        ({"tags": {"": "art"}}, "tags"),
        ({"tags": {"team": "a" * 257}}, "tags"),
        ({"tags": {"team": "<art>"}}, "tags"),
        ({"tags": {f"tag {number}": "" for number in range(51)}}, "51"),
    ],
    ids=lambda each: str(each)[:80],
)
def test_a_wrong_setting_is_refused_by_name(context: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.from_context(context)


def test_tags_are_a_json_object() -> None:
    tags = Settings.from_context({"tags": {"team": "art", "Kostenstelle": "4711 Ü"}}).tags

    assert tags == (("team", "art"), ("Kostenstelle", "4711 Ü"))


@pytest.mark.parametrize(
    "origin",
    ["https://a.example", "https://a-b.example:8443", "http://localhost:5173", "http://localhost"],
)
def test_an_origin_is_taken_as_a_browser_sends_it(origin: str) -> None:
    assert Settings.from_context({"allowed_origins": [origin]}).allowed_origins == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "",
        "a.example",
        "http://a.example",
        "https://a.example/",
        "https://a.example/path",
        "https://A.example",
        "https://*.example",
        "https://a.example:443",
        "http://localhost:80",
        "https://u@a.example",
        "https://a.example\n",
        'https://a.example" || "a',
        5,
    ],
    ids=repr,
)
def test_what_no_browser_sends_as_an_origin_is_refused(origin: Any) -> None:
    with pytest.raises(SettingsError, match="allowed_origins"):
        Settings.from_context({"allowed_origins": [origin]})


def test_no_setting_leaves_the_api_open() -> None:
    assert Settings().auth == "iam"


def test_retired_models_may_be_called_only_where_that_is_allowed() -> None:
    assert "amazon.nova-canvas-v1:0" not in Settings().models
    assert "amazon.nova-canvas-v1:0" in Settings(allow_retired_models=True).models
