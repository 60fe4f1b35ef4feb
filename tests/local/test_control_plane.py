"""Bedrock's control plane on this machine, for what no model of the catalog is today."""

import json
from dataclasses import replace

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from lambdas.common.catalog import CATALOG, Legacy
from local.aws.signatures import Caller
from local.bedrock import control_plane
from local.bedrock.control_plane import describe

CORE = CATALOG["stability.stable-image-core-v1:1"]
LEGACY = replace(CORE, legacy=Legacy("2026-11-01", "2027-05-01", successor="another"))
OPERATOR = Caller("arn:aws:iam::000000000000:user/operator", None, "us-west-2", "bedrock")


def test_a_legacy_model_is_described_with_its_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/foundation-models/{CORE.id}"
    monkeypatch.setattr(control_plane, "CATALOG", {CORE.id: LEGACY})

    answer = describe(Request(EnvironBuilder(path).get_environ()), path, OPERATOR)

    assert answer is not None
    assert json.loads(answer.get_data())["modelDetails"]["modelLifecycle"] == {
        "status": "LEGACY",
        "legacyTime": "2026-11-01T00:00:00Z",
        "endOfLifeTime": "2027-05-01T00:00:00Z",
    }


def test_other_paths_of_bedrock_are_not_its_own() -> None:
    path = "/guardrails"

    assert describe(Request(EnvironBuilder(path).get_environ()), path, OPERATOR) is None
