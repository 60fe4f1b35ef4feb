"""Credentials of the deployed roles, from moto's STS, and clients that call with them."""

import threading
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import (
    Credentials,
    DeferredRefreshableCredentials,
    ReadOnlyCredentials,
    create_assume_role_refresher,
)

from local.aws.policies import check_trust
from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET

# Lambda's own longest.
LONGEST_CALL_SECONDS = 900


# Loads the services' models once, however many stacks run one after the other.
_session: Any = cache(boto3.session.Session)


class RoleCredentials:
    """Assumes roles at the local endpoint. Thread-safe."""

    def __init__(self, *, endpoint_url: str, region: str) -> None:
        self._region = region
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=LONGEST_CALL_SECONDS,
            max_pool_connections=100,
            parameter_validation=False,
            user_agent="easel",  # botocore would write its own anew for each call
        )
        self._make = partial(_session().client, endpoint_url=endpoint_url, config=config)
        self._lock = threading.RLock()
        self._assumed: dict[str, Credentials] = {}
        self._clients: dict[tuple[str, str, ReadOnlyCredentials], Any] = {}

    def operator_client(self, service: str) -> Any:
        """Returns a client with the rights of whoever runs the local stack."""
        operator = ReadOnlyCredentials(OPERATOR_KEY, OPERATOR_SECRET, None)
        return self._client(service, self._region, operator)

    def of(self, role_arn: str, service: str) -> Credentials:
        """Returns credentials, which renew themselves, for a service that acts in a role. Raises
        RefusedError where the role does not trust it."""
        with self._lock:
            if role_arn not in self._assumed:
                self._assumed[role_arn] = DeferredRefreshableCredentials(
                    self._assume(role_arn, service), "assume-role"
                )
            return self._assumed[role_arn]

    def variables(self, role_arn: str) -> Mapping[str, str]:
        """Returns a new session as the environment variables of a function."""
        session = self._assume(role_arn, "lambda.amazonaws.com")()
        return {
            "AWS_ACCESS_KEY_ID": session["access_key"],
            "AWS_SECRET_ACCESS_KEY": session["secret_key"],
            "AWS_SESSION_TOKEN": session["token"],
        }

    def client(self, role_arn: str, service: str, region: str) -> Any:
        """Returns a client that calls as a state machine's role; made once for each session."""
        credentials = self.of(role_arn, "states.amazonaws.com")
        return self._client(service, region, credentials.get_frozen_credentials())

    def _assume(self, role_arn: str, service: str) -> Any:
        """Returns what gets a new session at each call."""
        check_trust(role_arn, service)
        asked = {"RoleArn": role_arn, "RoleSessionName": role_arn.rpartition("/")[2][:64]}
        return create_assume_role_refresher(self.operator_client("sts"), asked)

    def _client(self, service: str, region: str, credentials: ReadOnlyCredentials) -> Any:
        with self._lock:
            key = (service, region, credentials)
            if key not in self._clients:
                self._clients[key] = self._make(
                    service,
                    region,
                    aws_access_key_id=credentials.access_key,
                    aws_secret_access_key=credentials.secret_key,
                    aws_session_token=credentials.token,
                )
            return self._clients[key]
