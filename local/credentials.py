"""Credentials of the deployed roles, from moto's STS, and clients and calls made with them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials

from local.access import OPERATOR_KEY, OPERATOR_SECRET, check_trust

# Sessions last an hour; nothing is handed out that has less than a quarter of one left.
SESSION = timedelta(hours=1)
RENEWAL = timedelta(minutes=45)

# Lambda's own longest.
LONGEST_CALL_SECONDS = 900


@dataclass(frozen=True)
class _Assumed:
    credentials: Credentials
    renew_at: datetime


class RoleCredentials:
    """Assumes roles at the local endpoint, and again before a session ends. Thread-safe."""

    def __init__(self, *, endpoint_url: str, region: str) -> None:
        self._endpoint_url = endpoint_url
        self._config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=LONGEST_CALL_SECONDS,
            max_pool_connections=100,
            parameter_validation=False,
        )
        self._region = region
        self._lock = threading.RLock()
        self._assumed: dict[str, _Assumed] = {}
        self._clients: dict[tuple[str, str, str], tuple[Credentials, BaseClient]] = {}
        self._session = boto3.session.Session()

    def operator_client(self, service: str) -> Any:
        """A client with the rights of whoever runs the local stack."""
        return self._client(service, self._region, Credentials(OPERATOR_KEY, OPERATOR_SECRET))

    def of(self, role_arn: str, service: str) -> Credentials:
        """Credentials for a service that acts in a role. RefusedError where the role does not
        trust it."""
        with self._lock:
            assumed = self._assumed.get(role_arn)
            if assumed is None or datetime.now(UTC) >= assumed.renew_at:
                assumed = self._assume(role_arn, service)
                self._assumed[role_arn] = assumed
            return assumed.credentials

    def variables(self, role_arn: str) -> Mapping[str, str]:
        """A new session as the environment variables of a function, which may live for long."""
        credentials = self._assume(role_arn, "lambda.amazonaws.com").credentials
        return {
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_SESSION_TOKEN": str(credentials.token),
        }

    def client(self, role_arn: str, service: str, region: str) -> Any:
        """A client that calls as a state machine's role; made once for each session."""
        with self._lock:
            credentials = self.of(role_arn, "states.amazonaws.com")
            key = (role_arn, service, region)
            made = self._clients.get(key)
            if made is None or made[0] is not credentials:
                made = (credentials, self._client(service, region, credentials))
                self._clients[key] = made
            return made[1]

    def _assume(self, role_arn: str, service: str) -> _Assumed:
        check_trust(role_arn, service)
        assumed = self.operator_client("sts").assume_role(
            RoleArn=role_arn,
            RoleSessionName=role_arn.rpartition("/")[2][:64],
            DurationSeconds=int(SESSION.total_seconds()),
        )["Credentials"]
        return _Assumed(
            Credentials(
                assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]
            ),
            datetime.now(UTC) + RENEWAL,
        )

    def _client(self, service: str, region: str, credentials: Credentials) -> BaseClient:
        return self._session.client(  # type: ignore[call-overload,no-any-return]
            service,
            region_name=region,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=self._config,
        )
