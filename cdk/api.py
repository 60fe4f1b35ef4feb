"""The REST API in front of the state machine: one POST waits for one execution."""

import json
from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.cors import Cors
from cdk.gateway_logs import GatewayLogs
from cdk.gateway_responses import add_gateway_responses
from cdk.mapping_templates import mapping_template, start_execution
from cdk.openapi import document
from cdk.settings import Settings

# `/images`, and the routes of services whose callers move here.
ROUTES = ("/images", "/image", "/image-generation", "/generate-poster", "/")


@dataclass(frozen=True)
class Operation:
    """One method of the API, and what the state machine calls it."""

    http_method: str
    route: str
    name: str
    path_parameters: tuple[str, ...] = ()
    query_parameters: tuple[str, ...] = ()


OPERATIONS = (
    *(Operation("POST", route, "draw") for route in ROUTES),
    Operation("GET", "/images", "list", query_parameters=("limit", "after")),
    Operation("GET", "/images/{id}", "show", path_parameters=("id",)),
    Operation("POST", "/images/{id}/rerun", "rerun", path_parameters=("id",)),
)


class Api(Construct):
    """Exposes `api` and, with auth api_key, `key`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        state_machine: sfn.StateMachine,
    ) -> None:
        super().__init__(scope, id)
        gateway_logs = GatewayLogs(self, "Logs", settings=settings, stage_name="v1")
        self.api = apigateway.RestApi(
            self,
            "RestApi",
            rest_api_name=f"{Stack.of(self).stack_name}-text-to-image",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                tracing_enabled=True,
                throttling_rate_limit=settings.throttle_per_second,
                throttling_burst_limit=settings.throttle_burst,
                **gateway_logs.stage_options,
            ),
        )
        gateway_logs.add_to(self.api)
        self._cors = Cors(settings.allowed_origins)
        add_gateway_responses(self.api, self._cors)
        self._add_methods(settings, state_machine)
        self._add_document(settings)
        self.key = self._add_key(settings) if settings.auth == "api_key" else None

    def _add_methods(self, settings: Settings, state_machine: sfn.StateMachine) -> None:
        # The gateway only checks that the body is an object: its validator cannot name the
        # field at fault, the validate step does.
        model = self.api.add_model(
            "PictureRequest",
            content_type="application/json",
            schema=apigateway.JsonSchema(
                schema=apigateway.JsonSchemaVersion.DRAFT4,
                title="PictureRequest",
                type=apigateway.JsonSchemaType.OBJECT,
            ),
        )
        validator = self.api.add_request_validator(
            "BodyValidator", validate_request_body=True, validate_request_parameters=True
        )
        statuses = [
            apigateway.MethodResponse(
                status_code="200",
                response_models={"application/json": apigateway.Model.EMPTY_MODEL},
                response_parameters=self._cors.declared(),
            ),
            apigateway.MethodResponse(
                status_code="500",
                response_models={"application/json": apigateway.Model.ERROR_MODEL},
                response_parameters=self._cors.declared(),
            ),
        ]
        role = iam.Role(
            self,
            "StartExecutionRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        )
        state_machine.grant_start_sync_execution(role)
        for operation in OPERATIONS:
            has_body = operation.http_method == "POST"
            resource = self.api.root.resource_for_path(operation.route)
            resource.add_method(
                operation.http_method,
                self._integration(operation, settings, state_machine, role),
                **_access(settings),
                request_parameters=_parameters(operation),
                request_models={"application/json": model} if has_body else None,
                request_validator=validator,
                method_responses=statuses,
            )
        for route in dict.fromkeys(operation.route for operation in OPERATIONS):
            methods = [each.http_method for each in OPERATIONS if each.route == route]
            self._cors.add_preflight(self.api.root.resource_for_path(route), ",".join(methods))

    def _add_document(self, settings: Settings) -> None:
        """`GET /openapi.json`, answered by the gateway itself."""
        described = document(ROUTES, api_key=settings.auth == "api_key")
        resource = self.api.root.add_resource("openapi.json")
        self._cors.add_preflight(resource, "GET")
        resource.add_method(
            "GET",
            apigateway.MockIntegration(
                passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                request_templates={"application/json": '{"statusCode": 200}'},
                integration_responses=[
                    self._response("200", json.dumps(described, separators=(",", ":")))
                ],
            ),
            **_access(settings),
            method_responses=[
                apigateway.MethodResponse(
                    status_code="200", response_parameters=self._cors.declared()
                )
            ],
        )

    def _integration(
        self,
        operation: Operation,
        settings: Settings,
        state_machine: sfn.StateMachine,
        role: iam.Role,
    ) -> apigateway.AwsIntegration:
        """StartSyncExecution with templates of our own.

        CDK's own integration can be injected through its request template, and answers a timed
        out execution with an empty 200.
        """
        return apigateway.AwsIntegration(
            service="states",
            action="StartSyncExecution",
            integration_http_method="POST",
            options=apigateway.IntegrationOptions(
                credentials_role=role,
                timeout=Duration.seconds(settings.gateway_timeout_seconds),
                passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                request_parameters={
                    "integration.request.header.Content-Type": "'application/x-amz-json-1.0'"
                },
                request_templates={
                    "application/json": start_execution(
                        operation.name,
                        has_body=operation.http_method == "POST",
                        state_machine_arn=state_machine.state_machine_arn,
                    ),
                },
                integration_responses=[
                    self._response("200", mapping_template("execution_ended")),
                    self._response(
                        "500",
                        mapping_template("execution_not_started"),
                        selection_pattern=r"[45]\d{2}",
                    ),
                ],
            ),
        )

    def _response(
        self, status: str, template: str, *, selection_pattern: str | None = None
    ) -> apigateway.IntegrationResponse:
        """An integration's answer, with what pages of other origins need of it."""
        return apigateway.IntegrationResponse(
            status_code=status,
            selection_pattern=selection_pattern,
            response_parameters=self._cors.response_parameters(),
            response_templates={"application/json": self._cors.template(template)},
        )

    def _add_key(self, settings: Settings) -> apigateway.IApiKey:
        key = self.api.add_api_key("Key")
        plan = self.api.add_usage_plan(
            "UsagePlan",
            throttle=apigateway.ThrottleSettings(
                rate_limit=settings.throttle_per_second, burst_limit=settings.throttle_burst
            ),
            quota=apigateway.QuotaSettings(
                limit=settings.daily_quota, period=apigateway.Period.DAY
            ),
        )
        plan.add_api_key(key)
        plan.add_api_stage(stage=self.api.deployment_stage)
        return key


def _parameters(operation: Operation) -> dict[str, bool]:
    """What a method declares of its parameters: true for those that have to be there."""
    parameters = {f"method.request.path.{name}": True for name in operation.path_parameters}
    parameters |= {
        f"method.request.querystring.{name}": False for name in operation.query_parameters
    }
    if operation.http_method == "POST":
        parameters["method.request.header.Idempotency-Key"] = False
    return parameters


def _access(settings: Settings) -> dict[str, Any]:
    """Who may call: no setting leaves a method open that does more than answer a preflight."""
    by_key = settings.auth == "api_key"
    return {
        "authorization_type": apigateway.AuthorizationType.NONE
        if by_key
        else apigateway.AuthorizationType.IAM,
        "api_key_required": by_key,
    }
