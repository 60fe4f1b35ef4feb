"""What Bedrock says of a model, against the catalog."""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cdk.settings import Settings
from easel.aws import Answer, Reason, Unanswered
from easel.doctor import foundation_models
from easel.doctor.foundation_models import ModelCheck
from easel.findings import Finding, Level
from lambdas.common.catalog import Legacy, Model
from tests.easel.doctor.answers import (
    ABSENT,
    AVAILABLE,
    CORE,
    DENIED,
    NOW,
    OTHER,
    RETIRED,
    SETTINGS,
    details,
    legacy_details,
    levels,
)

LEGACY = Legacy("2026-11-01", "2027-05-01", successor=OTHER.id)


def check_model(
    model: Model = CORE,
    *,
    described: Answer | None = None,
    availability: Answer = AVAILABLE,
    settings: Settings = SETTINGS,
) -> list[Finding]:
    return ModelCheck(model, settings, described or details(model), NOW).check(availability)


class TestModel:
    @pytest.mark.parametrize(
        ("model", "level"),
        [(CORE, Level.PROBLEM), (OTHER, Level.WARNING)],
        ids=["default", "other"],
    )
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"regionAvailability": "NOT_AVAILABLE"}, "not available in us-west-2"),
            ({"authorizationStatus": "NOT_AUTHORIZED"}, "not authorized"),
            ({"agreementAvailability": {"status": "NOT_AVAILABLE"}}, "no subscription"),
            ({"agreementAvailability": {"status": "ERROR", "errorMessage": "no card"}}, "no card"),
            ({"entitlementAvailability": "NOT_AVAILABLE"}, "not entitled"),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
    )
    def test_what_is_not_accessible_is_a_problem_of_the_default_model_only(
        self, change: dict[str, Any], said: str, model: Model, level: Level
    ) -> None:
        (finding,) = check_model(model, availability={**AVAILABLE, **change})

        assert finding.level is level
        assert said in finding.found
        assert finding.cure

    def test_a_subscription_that_is_being_made_is_a_warning(self) -> None:
        pending = {**AVAILABLE, "agreementAvailability": {"status": "PENDING"}}

        (finding,) = check_model(availability=pending)

        assert finding.level is Level.WARNING
        assert not foundation_models.has_access(pending)

    def test_a_model_that_bedrock_does_not_know_is_a_problem_where_the_catalog_has_it(self) -> None:
        invalid = replace(ABSENT, reason=Reason.REFUSED, code="ValidationException")

        assert levels(check_model(described=ABSENT)) == [Level.PROBLEM]
        assert levels(check_model(described=invalid)) == [Level.PROBLEM]
        assert levels(check_model(OTHER, described=ABSENT)) == [Level.WARNING]
        assert levels(check_model(replace(OTHER, regions=()), described=ABSENT)) == [Level.OK]

    def test_a_region_that_the_catalog_lacks_is_a_warning(self) -> None:
        (finding,) = check_model(replace(OTHER, regions=("eu-west-1",)))

        assert finding.level is Level.WARNING
        assert "the catalog does not" in finding.found

    def test_a_model_for_inference_profiles_only_cannot_be_the_default(self) -> None:
        described = details()
        described["modelDetails"]["inferenceTypesSupported"] = ["PROVISIONED"]

        (finding,) = check_model(described=described)

        assert finding.level is Level.PROBLEM
        assert "inference profile" in finding.found

    @pytest.mark.parametrize(
        ("legacy", "described", "said"),
        [
            (None, legacy_details(), "until 2027-05-01, the catalog calls it active"),
            (LEGACY, legacy_details(), "as the catalog says"),
            (LEGACY, details(), "Bedrock calls it active, the catalog calls it legacy"),
            (
                LEGACY,
                legacy_details(until=datetime(2027, 2, 1, tzinfo=UTC)),
                "until 2027-02-01, the catalog calls it legacy since 2026-11-01 until 2027-05-01",
            ),
        ],
        ids=["new", "known", "taken back", "other date"],
    )
    def test_a_lifecycle_that_differs_from_the_catalogs_is_a_warning(
        self, legacy: Legacy | None, described: Mapping[str, Any], said: str
    ) -> None:
        (finding,) = check_model(replace(CORE, legacy=legacy), described=described)

        assert finding.level is Level.WARNING
        assert said in finding.found

    def test_legacy_names_the_day_from_which_it_may_be_dearer(self) -> None:
        described = legacy_details()
        described["modelDetails"]["modelLifecycle"]["publicExtendedAccessTime"] = datetime(
            2027, 2, 1, tzinfo=UTC
        )

        (finding,) = check_model(described=described)

        assert "dearer from 2027-02-01" in finding.found

    def test_a_life_that_has_ended_is_a_problem(self) -> None:
        (finding,) = check_model(described=legacy_details(until=NOW))

        assert finding.level is Level.PROBLEM
        assert "ended on 2026-11-20" in finding.found

    @pytest.mark.parametrize(
        ("settings", "described", "level"),
        [
            (SETTINGS, ABSENT, Level.OK),
            (SETTINGS, legacy_details(RETIRED, until=NOW), Level.OK),
            (SETTINGS, legacy_details(RETIRED), Level.WARNING),
            (SETTINGS, DENIED, Level.WARNING),
            (
                Settings(default_model=RETIRED.id, allow_retired_models=True),
                ABSENT,
                Level.PROBLEM,
            ),
        ],
        ids=["unknown", "ended", "still legacy", "denied", "default"],
    )
    def test_a_retired_model(self, settings: Settings, described: Answer, level: Level) -> None:
        assert RETIRED.retired is not None

        finding = ModelCheck(RETIRED, settings, described, NOW).check_retired(RETIRED.retired)

        assert finding.level is level


class TestCall:
    @pytest.mark.parametrize(
        ("code", "reason", "level"),
        [
            ("ValidationException", Reason.REFUSED, Level.OK),
            ("AccessDeniedException", Reason.DENIED, Level.PROBLEM),
            ("ResourceNotFoundException", Reason.ABSENT, Level.PROBLEM),
            ("ThrottlingException", Reason.REFUSED, Level.WARNING),
        ],
    )
    def test_an_empty_request_tells_by_its_error(
        self, code: str, reason: Reason, level: Level
    ) -> None:
        answer = Unanswered(reason, "bedrock:InvokeModel", code, "words")

        assert foundation_models.check_call(CORE, answer).level is level

    def test_a_picture_for_an_empty_request_is_suspicious(self) -> None:
        assert foundation_models.check_call(CORE, {"body": io.BytesIO()}).level is Level.WARNING
