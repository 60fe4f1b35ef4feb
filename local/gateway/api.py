"""A REST API as its template declares it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.deployment import DeploymentError
from local.gateway.limits import Throttle, UsagePlan
from local.template import Resolver, Template

# API Gateway makes a key's value up when it deploys; here it is always this.
LOCAL_API_KEY = "local"
DEFAULT_TIMEOUT_MS = 29_000
LOCAL_API_KEY_ID = "local-key"


@dataclass(frozen=True)
class IntegrationResponse:
    """`selection_pattern` is matched with the integration's HTTP status; None is the default."""

    status: int
    selection_pattern: str | None
    headers: Mapping[str, str]
    templates: Mapping[str, str]


@dataclass(frozen=True)
class Integration:
    """`service` and `action` are empty for a mock, which calls nothing."""

    service: str
    action: str
    role_arn: str
    timeout_seconds: float
    headers: Mapping[str, str]
    templates: Mapping[str, str]
    responses: tuple[IntegrationResponse, ...]


@dataclass(frozen=True)
class Method:
    http_method: str
    path: str
    path_pattern: re.Pattern[str]
    authorization: str
    api_key_required: bool
    body_models: Mapping[str, Any]
    integration: Integration
    throttle: Throttle | None


@dataclass(frozen=True)
class GatewayResponse:
    status: int | None
    headers: Mapping[str, str]
    template: str | None


@dataclass(frozen=True)
class RestApi:
    """`api_keys` are the values that a caller may send; `usage_plan` is theirs."""

    methods: tuple[Method, ...]
    gateway_responses: Mapping[str, GatewayResponse]
    api_keys: frozenset[str]
    usage_plan: UsagePlan | None

    def method(self, http_method: str, path: str) -> tuple[Method, Mapping[str, str]] | None:
        """The method for a request, and the path's parameters."""
        for method in self.methods:
            found = method.path_pattern.fullmatch(path.rstrip("/") or "/")
            if found is not None and method.http_method in (http_method, "ANY"):
                return method, found.groupdict()
        return None


def read_api(template: Template, resolver: Resolver) -> RestApi:
    """The template's one REST API. DeploymentError for what API Gateway would refuse."""
    paths = _paths(template)
    plan = _usage_plan(template)
    return RestApi(
        methods=tuple(
            _method(resolver.resolve(dict(resource.properties)), paths, template)
            for resource in template.resources("AWS::ApiGateway::Method")
        ),
        gateway_responses={
            resource.properties["ResponseType"]: _gateway_response(resource.properties)
            for resource in template.resources("AWS::ApiGateway::GatewayResponse")
        },
        api_keys=frozenset([LOCAL_API_KEY] if plan is not None else []),
        usage_plan=plan,
    )


def _usage_plan(template: Template) -> UsagePlan | None:
    """The usage plan of a stage that has a key in it: no other key opens anything."""
    plans = {
        resource.logical_id: resource.properties
        for resource in template.resources("AWS::ApiGateway::UsagePlan")
        if resource.properties.get("ApiStages")
    }
    for link in template.resources("AWS::ApiGateway::UsagePlanKey"):
        if (plan := plans.get(_logical_id(link.properties["UsagePlanId"]))) is not None:
            return UsagePlan(_plan_throttle(plan), _daily_quota(plan))
    return None


def _plan_throttle(plan: Mapping[str, Any]) -> Throttle | None:
    if any(stage.get("Throttle") for stage in plan["ApiStages"]):
        raise NotImplementedError("a usage plan's throttle for one method")
    throttle = plan.get("Throttle")
    return Throttle(throttle["RateLimit"], throttle["BurstLimit"]) if throttle else None


def _daily_quota(plan: Mapping[str, Any]) -> int | None:
    quota = plan.get("Quota")
    if quota is None:
        return None
    if quota["Period"] != "DAY" or quota.get("Offset"):
        raise NotImplementedError(f"quota {quota}")
    return int(quota["Limit"])


def _stage_throttle(template: Template, http_method: str, path: str) -> Throttle | None:
    """The stage's throttle for a method: the method's own setting before the one for all."""
    settings = {
        (setting["ResourcePath"], setting["HttpMethod"]): setting
        for stage in template.resources("AWS::ApiGateway::Stage")
        for setting in stage.properties.get("MethodSettings", [])
    }
    own = ("/" + path.replace("/", "~1"), http_method)
    for key in (own, ("/*", "*")):
        if "ThrottlingRateLimit" in (setting := settings.get(key, {})):
            return Throttle(setting["ThrottlingRateLimit"], setting["ThrottlingBurstLimit"])
    return None


def _paths(template: Template) -> Mapping[str, str]:
    """The path of every API resource, by logical id; an API's own id stands for its root."""
    parents = {
        resource.logical_id: (_logical_id(resource.properties["ParentId"]), resource.properties)
        for resource in template.resources("AWS::ApiGateway::Resource")
    }

    def path(logical_id: str) -> str:
        if logical_id not in parents:
            return ""
        parent, properties = parents[logical_id]
        return f"{path(parent)}/{properties['PathPart']}"

    roots = {
        resource.logical_id: "/" for resource in template.resources("AWS::ApiGateway::RestApi")
    }
    return roots | {logical_id: path(logical_id) for logical_id in parents}


def _logical_id(reference: Mapping[str, Any]) -> str:
    return str(reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0])


def _method(properties: Mapping[str, Any], paths: Mapping[str, str], template: Template) -> Method:
    path = paths[properties["ResourceId"]]
    validator = properties.get("RequestValidatorId")
    validates = any(
        resource.logical_id == validator and resource.properties.get("ValidateRequestBody")
        for resource in template.resources("AWS::ApiGateway::RequestValidator")
    )
    schemas = {
        resource.logical_id: resource.properties["Schema"]
        for resource in template.resources("AWS::ApiGateway::Model")
    }
    models = properties.get("RequestModels", {}) if validates else {}
    return Method(
        http_method=properties["HttpMethod"],
        path=path,
        path_pattern=re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)),
        authorization=properties["AuthorizationType"],
        api_key_required=properties.get("ApiKeyRequired", False),
        body_models={content_type: schemas[model] for content_type, model in models.items()},
        integration=_integration(properties["Integration"], _declared_headers(properties)),
        throttle=_stage_throttle(template, properties["HttpMethod"], path),
    )


def _declared_headers(properties: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """The headers that each status of a method may have, besides a template's overrides."""
    return {
        response["StatusCode"]: frozenset(response.get("ResponseParameters", {}))
        for response in properties.get("MethodResponses", [])
    }


def _integration(
    properties: Mapping[str, Any], declared: Mapping[str, frozenset[str]]
) -> Integration:
    uri = re.fullmatch(
        r"arn:[^:]+:apigateway:[^:]+:(?P<service>\w+):action/(?P<action>\w+)",
        properties.get("Uri", ""),
    )
    if properties["Type"] != "MOCK" and (properties["Type"] != "AWS" or uri is None):
        raise NotImplementedError(f"integration {properties['Type']} {properties.get('Uri')}")
    if properties["PassthroughBehavior"] != "NEVER":
        raise NotImplementedError(f"passthrough {properties['PassthroughBehavior']}")
    return Integration(
        service=uri["service"] if uri else "",
        action=uri["action"] if uri else "",
        role_arn=properties.get("Credentials", ""),
        timeout_seconds=properties.get("TimeoutInMillis", DEFAULT_TIMEOUT_MS) / 1_000,
        headers={
            name.removeprefix("integration.request.header."): _fixed(value)
            for name, value in properties.get("RequestParameters", {}).items()
        },
        templates=properties["RequestTemplates"],
        responses=tuple(
            _integration_response(response, declared)
            for response in properties["IntegrationResponses"]
        ),
    )


def _integration_response(
    properties: Mapping[str, Any], declared: Mapping[str, frozenset[str]]
) -> IntegrationResponse:
    status = properties["StatusCode"]
    parameters = properties.get("ResponseParameters", {})
    if undeclared := parameters.keys() - declared.get(status, frozenset()):
        raise DeploymentError(
            f"method response {status} does not declare {', '.join(sorted(undeclared))}"
        )
    return IntegrationResponse(
        status=int(status),
        selection_pattern=properties.get("SelectionPattern"),
        headers={
            name.removeprefix("method.response.header."): _fixed(value)
            for name, value in parameters.items()
        },
        templates=properties.get("ResponseTemplates", {}),
    )


def _fixed(value: str) -> str:
    """A fixed value of a parameter mapping, without the quotes that say so."""
    if len(value) < 2 or value[0] != "'" or value[-1] != "'":
        raise NotImplementedError(f"parameter mapping {value}")
    return value[1:-1]


def _gateway_response(properties: Mapping[str, Any]) -> GatewayResponse:
    status = properties.get("StatusCode")
    return GatewayResponse(
        status=int(status) if status else None,
        headers={
            name.removeprefix("gatewayresponse.header."): _fixed(value)
            for name, value in properties.get("ResponseParameters", {}).items()
        },
        template=properties.get("ResponseTemplates", {}).get("application/json"),
    )
