"""A REST API as its template declares it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class GatewayResponse:
    status: int | None
    headers: Mapping[str, str]
    template: str | None


@dataclass(frozen=True)
class RestApi:
    """`api_keys` are the values that a caller may send."""

    methods: tuple[Method, ...]
    gateway_responses: Mapping[str, GatewayResponse]
    api_keys: frozenset[str]

    def method(self, http_method: str, path: str) -> tuple[Method, Mapping[str, str]] | None:
        """The method for a request, and the path's parameters."""
        for method in self.methods:
            found = method.path_pattern.fullmatch(path.rstrip("/") or "/")
            if found is not None and method.http_method in (http_method, "ANY"):
                return method, found.groupdict()
        return None


def read_api(template: Template, resolver: Resolver) -> RestApi:
    """The template's one REST API."""
    paths = _paths(template)
    return RestApi(
        methods=tuple(
            _method(resolver.resolve(dict(resource.properties)), paths, template)
            for resource in template.resources("AWS::ApiGateway::Method")
        ),
        gateway_responses={
            resource.properties["ResponseType"]: _gateway_response(resource.properties)
            for resource in template.resources("AWS::ApiGateway::GatewayResponse")
        },
        api_keys=frozenset([LOCAL_API_KEY] if _key_opens_a_stage(template) else []),
    )


def _key_opens_a_stage(template: Template) -> bool:
    """Whether some key is in a usage plan of some stage: no other key opens anything."""
    plans = {
        resource.logical_id
        for resource in template.resources("AWS::ApiGateway::UsagePlan")
        if resource.properties.get("ApiStages")
    }
    return any(
        _logical_id(link.properties["UsagePlanId"]) in plans
        for link in template.resources("AWS::ApiGateway::UsagePlanKey")
    )


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
        integration=_integration(properties["Integration"]),
    )


def _integration(properties: Mapping[str, Any]) -> Integration:
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
            name.removeprefix("integration.request.header."): value.strip("'")
            for name, value in properties.get("RequestParameters", {}).items()
        },
        templates=properties["RequestTemplates"],
        responses=tuple(
            IntegrationResponse(
                status=int(response["StatusCode"]),
                selection_pattern=response.get("SelectionPattern"),
                templates=response.get("ResponseTemplates", {}),
            )
            for response in properties["IntegrationResponses"]
        ),
    )


def _gateway_response(properties: Mapping[str, Any]) -> GatewayResponse:
    status = properties.get("StatusCode")
    return GatewayResponse(
        status=int(status) if status else None,
        headers={
            name.removeprefix("gatewayresponse.header."): value.strip("'")
            for name, value in properties.get("ResponseParameters", {}).items()
        },
        template=properties.get("ResponseTemplates", {}).get("application/json"),
    )
