"""Models whose every call is timed and, where Bedrock may charge it, counted at its list price."""

import time
from dataclasses import dataclass

from lambdas.common.catalog import CATALOG
from lambdas.common.errors import EaselError, ModelFailedError, ModelTimeoutError
from lambdas.common.telemetry import ESTIMATED_COST, MODEL_LATENCY, Log
from lambdas.generate.drawing import Models

# Errors of calls that ended after they were sent.
_MAY_BE_BILLED = (ModelFailedError, ModelTimeoutError)


@dataclass(frozen=True)
class MeteredModels:
    """A line for each call at its end, not with the invocation's: a function may be killed while
    it stages, and the money is spent."""

    models: Models
    log: Log

    def invoke(self, model: str, body: dict[str, object]) -> dict[str, object]:
        started = time.perf_counter()
        try:
            answer = self.models.invoke(model, body)
        except EaselError as error:
            self._tell(model, started, error)
            raise
        self._tell(model, started, None)
        return answer

    def _tell(self, model: str, started: float, error: EaselError | None) -> None:
        took = round((time.perf_counter() - started) * 1_000, 1)
        if error is not None and not isinstance(error, _MAY_BE_BILLED):
            self.log.write(
                "model refused the call",
                level="WARNING",
                metrics={},
                duration_ms=took,
                error=type(error).__name__,
            )
            return
        cost = CATALOG[model].list_price_usd
        self.log.write(
            "model called" if error is None else "model call broke off",
            level="INFO" if error is None else "ERROR",
            metrics={MODEL_LATENCY: took, ESTIMATED_COST: cost},
            duration_ms=took,
        )
