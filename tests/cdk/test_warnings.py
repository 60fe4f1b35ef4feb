"""What a synth warns of: a default model that nears its end, and nothing else."""

from dataclasses import replace

import pytest
from aws_cdk.assertions import Annotations, Match

from cdk.settings import Settings
from cdk.stack import EaselStack
from lambdas.common.catalog import CATALOG, Legacy
from tests.cdk.combinations import COMBINATIONS, STACK_NAME, TRIED, app, stack_of


@pytest.mark.parametrize("combination", TRIED)
def test_a_synth_is_clean(combination: str) -> None:
    annotations = Annotations.from_stack(stack_of(COMBINATIONS[combination]))

    assert [
        (each.id, each.entry.data)
        for find in (annotations.find_error, annotations.find_warning, annotations.find_info)
        for each in find("*", Match.any_value())
    ] == []


def test_a_legacy_default_model_is_a_warning_that_names_the_successor() -> None:
    settings = Settings()
    legacy = Legacy("2026-11-01", "2027-05-01", successor="stability.sd3-5-large-v1:0")
    model = replace(CATALOG[settings.default_model], legacy=legacy)

    stack = EaselStack(app(), STACK_NAME, settings=settings, catalog={**CATALOG, model.id: model})

    Annotations.from_stack(stack).has_warning(
        "/easel-test",
        Match.string_like_regexp(
            f"default_model {model.id} is legacy since 2026-11-01 and draws until 2027-05-01, "
            ".*use stability.sd3-5-large-v1:0"
        ),
    )
