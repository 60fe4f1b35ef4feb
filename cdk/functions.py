"""The functions of the workflow, each with its own asset, role, timeout and log group."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.deadline import Deadline
from cdk.guardrail import Guardrail
from cdk.settings import LOG_RETENTIONS, Settings

ROOT = Path(__file__).parent.parent

# Between the end of a model call and the function's end: decoding, checking and staging.
STAGING_SECONDS = 15

# Lambda gives a whole processor from here on, which halves a cold start.
ONE_CPU_MB = 1_769


@dataclass(frozen=True)
class _Spec:
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]
    reserved_concurrency: int | None = None


class Functions(Construct):
    """Exposes `validate`, `generate`, `store` and `library`, and `all` by name.

    Grants are the stack's.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        deadline: Deadline,
        bucket_name: str,
        guardrail: Guardrail | None,
    ) -> None:
        super().__init__(scope, id)
        specs = {
            "validate": _Spec(
                timeout_seconds=5,
                memory_mb=ONE_CPU_MB,
                environment={
                    "BUCKET": bucket_name,
                    "DEFAULT_MODEL": settings.default_model,
                    "ALLOW_RETIRED_MODELS": str(settings.allow_retired_models).lower(),
                    "BEDROCK_REGION": settings.bedrock_region,
                    "DRAW_UNTIL_SECONDS": str(deadline.draw_until_seconds),
                    "RECIPE_IN_PICTURE": str(settings.recipe_in_picture).lower(),
                },
            ),
            "generate": _Spec(
                timeout_seconds=settings.model_timeout_seconds + STAGING_SECONDS,
                memory_mb=1_024,
                environment={
                    "BUCKET": bucket_name,
                    "BEDROCK_REGION": settings.bedrock_region,
                    "MODEL_TIMEOUT_SECONDS": str(settings.model_timeout_seconds),
                    "FUNCTION_TIMEOUT_SECONDS": str(
                        settings.model_timeout_seconds + STAGING_SECONDS
                    ),
                    "ANSWER_UNTIL_SECONDS": str(deadline.answer_until_seconds),
                    "RETRY_WAIT_SECONDS": str(deadline.retry_wait_seconds),
                },
                # Lambda reads 0 as "never", the setting as "nothing reserved".
                reserved_concurrency=settings.generate_concurrency or None,
            ),
            "store": _Spec(
                timeout_seconds=10,
                memory_mb=ONE_CPU_MB,
                environment={
                    "BUCKET": bucket_name,
                    "URL_EXPIRES_SECONDS": str(settings.url_expires_seconds),
                    "GUARDRAIL_ID": guardrail.guardrail_id if guardrail else "",
                    "GUARDRAIL_VERSION": guardrail.version if guardrail else "",
                },
            ),
            "library": _Spec(
                timeout_seconds=10,
                memory_mb=ONE_CPU_MB,
                environment={
                    "BUCKET": bucket_name,
                    "URL_EXPIRES_SECONDS": str(settings.url_expires_seconds),
                },
            ),
        }
        functions = {
            name: self._function(name, spec=spec, settings=settings) for name, spec in specs.items()
        }
        self.all = functions
        self.validate = functions["validate"]
        self.generate = functions["generate"]
        self.store = functions["store"]
        self.library = functions["library"]

    def _function(self, name: str, *, spec: _Spec, settings: Settings) -> lambda_.Function:
        log_group = logs.LogGroup(
            self,
            f"{name.title()}Logs",
            retention=logs.RetentionDays(LOG_RETENTIONS[settings.log_retention_days]),
            removal_policy=RemovalPolicy.DESTROY,
        )
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
                str(ROOT), exclude=_everything_but(name), ignore_mode=IgnoreMode.GIT
            ),
            role=role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=Duration.seconds(spec.timeout_seconds),
            memory_size=spec.memory_mb,
            environment={
                **spec.environment,
                "STACK_NAME": Stack.of(self).stack_name,
                "LOG_EXECUTION_DATA": str(settings.log_execution_data).lower(),
            },
            reserved_concurrent_executions=spec.reserved_concurrency,
        )


def _everything_but(name: str) -> list[str]:
    """Ignore patterns that leave one function's package and the common one."""
    return [
        "/*",
        "!/lambdas",
        "/lambdas/*",
        "!/lambdas/__init__.py",
        "!/lambdas/common",
        f"!/lambdas/{name}",
        "__pycache__",
    ]
