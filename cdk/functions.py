"""The functions of the workflow, each with its own asset, role, timeout and log group."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.guardrail import Guardrail
from cdk.log_groups import add_log_group
from cdk.settings import Settings
from lambdas.common.environment import ENVIRONMENTS

ROOT = Path(__file__).parent.parent

# Time for decoding, checking and staging a picture after the model call.
STAGING_SECONDS = 15

# From this size on, Lambda gives a whole processor, which halves a cold start.
ONE_CPU_MB = 1_769


@dataclass(frozen=True)
class _Spec:
    timeout_seconds: int
    memory_mb: int = ONE_CPU_MB
    packages: tuple[str, ...] = ()
    reserved_concurrency: int | None = None


class Functions(Construct):
    """Exposes the functions by name as `all`. The stack grants what they may do. `list_seconds` and
    `store_seconds` are how long the state machine waits for Library and Store."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        bucket_name: str,
        guardrail: Guardrail | None,
        list_seconds: int,
        store_seconds: int,
    ) -> None:
        super().__init__(scope, id)
        specs = {
            "validate": _Spec(timeout_seconds=5),
            "generate": _Spec(
                timeout_seconds=settings.model_timeout_seconds + STAGING_SECONDS,
                memory_mb=1_024,
                packages=("picture",),
                # To Lambda, 0 means "never run". In the setting, it means "reserve nothing".
                reserved_concurrency=settings.generate_concurrency or None,
            ),
            "store": _Spec(timeout_seconds=store_seconds + 1, packages=("picture",)),
            "library": _Spec(timeout_seconds=10),
        }
        if settings.allow_deletion:
            specs["delete"] = _Spec(timeout_seconds=10)
        values = {
            **vars(settings),
            "bucket": bucket_name,
            "stack_name": Stack.of(self).stack_name,
            "list_seconds": list_seconds,
            "function_timeout_seconds": specs["generate"].timeout_seconds,
            "guardrail_id": guardrail.guardrail_id if guardrail else "",
            "guardrail_version": guardrail.version if guardrail else "",
        }
        self.all = {
            name: self._function(
                name, spec, environment=ENVIRONMENTS[name].variables(values), settings=settings
            )
            for name, spec in specs.items()
        }

    def _function(
        self, name: str, spec: _Spec, *, environment: Mapping[str, str], settings: Settings
    ) -> lambda_.Function:
        log_group = add_log_group(self, f"{name.title()}Logs", settings)
        role = iam.Role(
            self,
            f"{name.title()}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        log_group.grant_write(role)
        return lambda_.Function(
            self,
            name.title(),
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.{name}.handler.handler",
            code=lambda_.Code.from_asset(
                str(ROOT),
                exclude=_everything_but("common", name, *spec.packages),
                ignore_mode=IgnoreMode.GIT,
            ),
            role=role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=Duration.seconds(spec.timeout_seconds),
            memory_size=spec.memory_mb,
            environment=dict(environment),
            reserved_concurrent_executions=spec.reserved_concurrency,
        )


def _everything_but(*packages: str) -> list[str]:
    """Returns ignore patterns for everything but these packages of `lambdas`."""
    return [
        "/*",
        "!/lambdas",
        "/lambdas/*",
        "!/lambdas/__init__.py",
        *(f"!/lambdas/{package}" for package in packages),
        "__pycache__",
    ]
