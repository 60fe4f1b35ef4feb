"""Real clients whose answers fit the service models."""

from typing import Any

import boto3
from botocore.stub import Stubber

from easel.aws import Account


class StubbedAccount:
    """An account whose services give prepared answers, in order, and are asked nothing else."""

    def __init__(self) -> None:
        self._stubbers: dict[str, Stubber] = {}
        self.regions: set[tuple[str, str]] = set()
        self.account = Account(self._client, "eu-central-1")

    def answers(
        self,
        service: str,
        operation: str,
        answer: dict[str, Any],
        asked: dict[str, Any] | None = None,
    ) -> None:
        self._stubber(service).add_response(operation, answer, asked)

    def fails(self, service: str, operation: str, code: str, status: int = 400) -> None:
        self._stubber(service).add_client_error(
            operation, code, "the service's words", http_status_code=status
        )

    def assert_all_asked(self) -> None:
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()

    def _client(self, service: str, region: str) -> Any:
        self.regions.add((service, region))
        return self._stubber(service).client

    def _stubber(self, service: str) -> Stubber:
        if service not in self._stubbers:
            client = boto3.client(  # type: ignore[call-overload]
                service,
                region_name="eu-central-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            self._stubbers[service] = Stubber(client)
            self._stubbers[service].activate()
        return self._stubbers[service]
