"""The REST API in front of the state machine: each request waits for one execution."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.cors import Cors, preflight_headers
from cdk.endpoint import endpoint_options
from cdk.gateway_logs import GatewayLogs
from cdk.gateway_responses import (
    OTHER_METHOD,
    OTHER_ROUTE,
    GatewayAnswer,
    add_gateway_responses,
    body_of,
)
from cdk.mapping_templates import json_template, mapping_template, start_execution
from cdk.openapi import document
from cdk.operations import Operation
from cdk.settings import Settings

_DOCUMENT_ROUTE = "/openapi.json"

# OpenAPI's names for where a parameter is, and API Gateway's.
_PLACES = {"path": "path", "query": "querystring", "header": "header"}


class Api(Construct):
    """Exposes `api`, `address`, where callers reach it, and `key`, which is None unless auth is
    api_key."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        state_machine: sfn.StateMachine,
        operations: Sequence[Operation],
    ) -> None:
        super().__init__(scope, id)
        by_key = settings.auth == "api_key"
        gateway_logs = GatewayLogs(self, "Logs", settings=settings, stage_name="v1")
        self.api = apigateway.RestApi(
            self,
            "RestApi",
            rest_api_name=f"{Stack.of(self).stack_name}-text-to-image",
            cloud_watch_role=False,
            # Only preflights are open: with every setting, all other methods ask who calls.
            default_method_options=apigateway.MethodOptions(
                authorization_type=apigateway.AuthorizationType.NONE
                if by_key
                else apigateway.AuthorizationType.IAM,
                api_key_required=by_key,
            ),
            deploy_options=apigateway.StageOptions(
                tracing_enabled=True,
                throttling_rate_limit=settings.throttle_per_second,
                throttling_burst_limit=settings.throttle_burst,
                **gateway_logs.stage_options,
            ),
            **endpoint_options(self, settings),
        )
        gateway_logs.add_to(self.api)
        self._cors = Cors(settings.allowed_origins)
        add_gateway_responses(self.api, self._cors, settings.auth)
        self._add_operations(operations, settings, state_machine)
        described = json_template(document(operations, settings=settings))
        self._add_fixed_answer("GET", _DOCUMENT_ROUTE, self._response("200", described))
        methods = {_DOCUMENT_ROUTE: ["GET"]}
        for operation in operations:
            methods.setdefault(operation.route, []).append(operation.http_method)
        if settings.allowed_origins:
            self._add_preflights(methods)
        self._add_refusals(methods)
        self.key = self._add_key(settings) if by_key else None
        self.address = self._address(settings)

    def _add_operations(
        self, operations: Sequence[Operation], settings: Settings, state_machine: sfn.StateMachine
    ) -> None:
        # The gateway only checks that the body is an object. The validate step checks the fields,
        # because the gateway's validator cannot name the one at fault.
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
        role = iam.Role(
            self,
            "StartExecutionRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        )
        state_machine.grant_start_sync_execution(role)
        ended = self._response("200", mapping_template("execution_ended"))
        not_started = self._response(
            "500", mapping_template("execution_not_started"), selection_pattern=r"[45]\d{2}"
        )
        for operation in operations:
            has_body = operation.request is not None
            template = start_execution(
                operation.name,
                has_body=has_body,
                state_machine_arn=state_machine.state_machine_arn,
            )
            # Not CDK's integration of this action: callers can inject into its request template,
            # and it answers an execution that timed out with an empty 200.
            integration = apigateway.AwsIntegration(
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
                    request_templates={"application/json": template},
                    integration_responses=[ended, not_started],
                ),
            )
            self.api.root.resource_for_path(operation.route).add_method(
                operation.http_method,
                integration,
                request_parameters={
                    f"method.request.{_PLACES[each['in']]}.{each['name']}": each["required"]
                    for each in operation.parameters
                },
                request_models={"application/json": model} if has_body else None,
                request_validator=validator,
                method_responses=[
                    _method_response(ended, apigateway.Model.EMPTY_MODEL),
                    _method_response(not_started, apigateway.Model.ERROR_MODEL),
                ],
            )

    def _address(self, settings: Settings) -> str:
        """Returns where callers reach the API."""
        if settings.domain_name:
            return f"https://{settings.domain_name}"
        stack, name = Stack.of(self), self.api.rest_api_id
        if settings.vpc_endpoint_id:
            # This name leads to the endpoint without private DNS too.
            name = f"{name}-{settings.vpc_endpoint_id}"
        host = f"{name}.execute-api.{stack.region}.{stack.url_suffix}"
        return f"https://{host}/{self.api.deployment_stage.stage_name}"

    def _add_preflights(self, methods: Mapping[str, Sequence[str]]) -> None:
        """Adds `OPTIONS` without authorization, because browsers send none. It calls nothing."""
        for route, http_methods in methods.items():
            self._add_fixed_answer(
                "OPTIONS",
                route,
                self._response("204", "", headers=preflight_headers(http_methods)),
                authorization_type=apigateway.AuthorizationType.NONE,
                api_key_required=False,
            )

    def _add_refusals(self, methods: Mapping[str, Sequence[str]]) -> None:
        """Adds `ANY` for the other methods of each route, and for all other routes.

        API Gateway prefers a method of its own to `ANY`, and a path of its own to a greedy one.
        """
        for route, http_methods in methods.items():
            allowed = ", ".join(http_methods)
            self._add_refusal(route, OTHER_METHOD, {"Allow": allowed}, allowed=allowed)
        self._add_refusal("/{proxy+}", OTHER_ROUTE, {})

    def _add_refusal(
        self, route: str, answer: GatewayAnswer, headers: Mapping[str, str], **said: str
    ) -> None:
        message = answer.message.format(method="${method}", path="${path}", route=route, **said)
        template = mapping_template("not_found", answer=body_of(answer, message))
        headers = {**self._cors.headers, "x-should-retry": "false", **headers}
        response = self._response(str(answer.status), template, headers=headers)
        self._add_fixed_answer("ANY", route, response)

    def _add_fixed_answer(
        self, http_method: str, route: str, response: apigateway.IntegrationResponse, **access: Any
    ) -> None:
        """Adds a method that the gateway answers by itself."""
        integration = apigateway.MockIntegration(
            passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
            request_templates={"application/json": f'{{"statusCode": {response.status_code}}}'},
            integration_responses=[response],
        )
        self.api.root.resource_for_path(route).add_method(
            http_method, integration, method_responses=[_method_response(response)], **access
        )

    def _response(
        self,
        status: str,
        template: str,
        *,
        headers: Mapping[str, str] | None = None,
        selection_pattern: str | None = None,
    ) -> apigateway.IntegrationResponse:
        """Returns an integration's answer, with the headers for pages of allowed origins."""
        fixed = self._cors.headers if headers is None else headers
        return apigateway.IntegrationResponse(
            status_code=status,
            selection_pattern=selection_pattern,
            response_parameters={
                f"method.response.header.{name}": f"'{value}'" for name, value in fixed.items()
            },
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


def _method_response(
    response: apigateway.IntegrationResponse, model: apigateway.IModel | None = None
) -> apigateway.MethodResponse:
    """Returns the declaration of an integration's answer, which its method needs."""
    return apigateway.MethodResponse(
        status_code=response.status_code,
        response_models={"application/json": model} if model else None,
        response_parameters=dict.fromkeys(response.response_parameters or (), True),
    )
