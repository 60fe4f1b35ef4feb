"""What a synth says of the default model's life."""

from dataclasses import replace

from aws_cdk.assertions import Annotations, Match

from cdk.settings import Settings
from cdk.stack import EaselStack
from lambdas.common.catalog import CATALOG, Legacy
from tests.cdk.combinations import STACK_NAME, app

IAM = Settings()


class TestLifecycle:
    def test_a_legacy_default_model_is_a_warning_that_names_the_successor(self) -> None:
        legacy = Legacy("2026-11-01", "2027-05-01", successor="stability.sd3-5-large-v1:0")
        model = replace(CATALOG[IAM.default_model], legacy=legacy)

        stack = EaselStack(app(), STACK_NAME, settings=IAM, catalog={**CATALOG, model.id: model})

        Annotations.from_stack(stack).has_warning(
            "/easel-test",
            Match.string_like_regexp(
                f"default_model {model.id} is legacy since 2026-11-01 and draws until 2027-05-01, "
                ".*use stability.sd3-5-large-v1:0"
            ),
        )

    def test_an_active_default_model_is_no_warning(self) -> None:
        stack = EaselStack(app(), STACK_NAME, settings=IAM)

        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())
