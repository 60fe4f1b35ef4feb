"""No combination of settings makes a synth warn of anything."""

import pytest
from aws_cdk.assertions import Annotations, Match

from tests.cdk.combinations import COMBINATIONS, TRIED, stack_of


@pytest.mark.parametrize("combination", TRIED)
def test_a_synth_is_clean(combination: str) -> None:
    annotations = Annotations.from_stack(stack_of(COMBINATIONS[combination]))

    assert [
        (each.id, each.entry.data)
        for find in (annotations.find_error, annotations.find_warning, annotations.find_info)
        for each in find("*", Match.any_value())
    ] == []
