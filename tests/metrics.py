"""Reads metrics out of log lines as CloudWatch does ("Embedded metric format specification")."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lambdas.common import telemetry

# "MetricDatum" in CloudWatch's API reference; those that Easel could mean.
_UNITS = {"Seconds", "Milliseconds", "Bytes", "Percent", "Count", "None"}
_DIMENSIONS_AT_MOST = 30
_METRICS_AT_MOST = 100


@dataclass(frozen=True)
class Recorded:
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    value: float

    @property
    def reference(self) -> tuple[str, str, frozenset[str]]:
        """What a metric is found by, but for the values of its dimensions."""
        return self.namespace, self.name, frozenset(self.dimensions)


def recorded(lines: Iterable[str]) -> Iterator[Recorded]:
    """The metrics in log events. AssertionError for a document that CloudWatch would not read."""
    for text in lines:
        if not text.startswith("{"):
            continue
        line = json.loads(text)
        if "_aws" not in line:
            continue
        assert isinstance(line["_aws"]["Timestamp"], int)
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
            assert directive["Dimensions"]
            assert 1 <= len(directive["Metrics"]) <= _METRICS_AT_MOST
            for metric in directive["Metrics"]:
                assert metric.keys() == {"Name", "Unit"}
                assert metric["Unit"] in _UNITS
                value = line[metric["Name"]]
                assert isinstance(value, int | float)
                for names in directive["Dimensions"]:
                    assert 1 <= len(names) <= _DIMENSIONS_AT_MOST
                    dimensions = {name: line[name] for name in names}
                    assert all(isinstance(each, str) and each for each in dimensions.values())
                    yield Recorded(directive["Namespace"], metric["Name"], dimensions, value)


METRICS = [each for each in vars(telemetry).values() if isinstance(each, telemetry.Metric)]
