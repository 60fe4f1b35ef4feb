"""Reads a REST API from its template. What the local gateway does not know is an error here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from easel.target import LOCAL_API_KEY
from local.deployment import DeploymentError
from local.gateway.limits import Throttle, UsagePlan
from local.template import Resolver, Template

DEFAULT_TIMEOUT_MS = 29_000

# What ANY stands for. Source: "Set up a proxy integration with a proxy resource" of the API Gateway
# guide.
_ANY = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class MappedResponse:
    """An answer of an integration, or of the gateway itself. `selection_pattern` is matched with an
    integration's HTTP status; None is the default. Where `status` is None it is the service's."""

    status: int | None
    headers: Mapping[str, str]
    template: str | None
    selection_pattern: str | None = None


@dataclass(frozen=True)
class Method:
    """A method and its integration, whose `service` and `action` are empty for a mock."""

    http_method: str
    path: str
    signed: bool
    api_key_required: bool
    body_models: Mapping[str, Any]
    throttle: Throttle | None
    service: str
    action: str
    role_arn: str
    timeout_seconds: float
    headers: Mapping[str, str]
    templates: Mapping[str, str]
    responses: tuple[MappedResponse, ...]

    def match(self, http_method: str, path: str) -> Mapping[str, str] | None:
        """Returns the path's parameters where the method is the one for a request."""
        if http_method not in (_ANY if self.http_method == "ANY" else [self.http_method]):
            return None
        pattern = re.sub(
            r"\\{(\w+)(\\\+)?\\}",
            lambda name: f"(?P<{name[1]}>{'.' if name[2] else '[^/]'}+)",
            re.escape(self.path),
        )
        found = re.fullmatch(pattern, path.rstrip("/") or "/", re.DOTALL)
        return found.groupdict() if found else None

    @property
    def rank(self) -> tuple[list[tuple[bool, bool]], bool]:
        """Sorts methods in the order in which API Gateway tries them: those of the more specific
        resource first, and its own method before ANY. Where none of a resource takes a request, the
        next one is asked. That is measured by others and not in the guide, so no route needs it."""
        segments = self.path.split("/")
        return [(each.endswith("+}"), "{" in each) for each in segments], self.http_method == "ANY"


@dataclass(frozen=True)
class RestApi:
    """`methods` are in the order in which they are tried. `usage_plan` is that of the API keys,
    None where no key opens anything. `keys` has each key's id by its value."""

    methods: tuple[Method, ...]
    gateway_responses: Mapping[str, MappedResponse]
    usage_plan: UsagePlan | None
    keys: Mapping[str, str]


def read_api(template: Template, resolver: Resolver) -> RestApi:
    """Returns the template's REST API. Raises DeploymentError for what API Gateway would refuse."""

    def declared(kind: str) -> dict[str, Properties]:
        return dict(resolver.resolve(template.resources(f"AWS::ApiGateway::{kind}")))

    paths = _paths(declared("Resource"))
    schemas = {name: model["Schema"] for name, model in declared("Model").items()}
    validators = {
        name
        for name, validator in declared("RequestValidator").items()
        if validator.get("ValidateRequestBody")
    }
    throttles = {
        (setting["ResourcePath"], setting["HttpMethod"]): Throttle(
            setting["ThrottlingRateLimit"], setting["ThrottlingBurstLimit"]
        )
        for stage in declared("Stage").values()
        for setting in stage.get("MethodSettings", [])
        if "ThrottlingRateLimit" in setting
    }

    def method(properties: Properties) -> Method:
        path = paths.get(properties["ResourceId"], "/")
        validated = properties.get("RequestValidatorId") in validators
        # A method's own setting goes before the one for all.
        own = throttles.get(("/" + path.replace("/", "~1"), properties["HttpMethod"]))
        throttle = own or throttles.get(("/*", "*"))
        return _method(properties, path, throttle, schemas if validated else {})

    gateway_responses = {
        each["ResponseType"]: _response(each) for each in declared("GatewayResponse").values()
    }
    for response_type, response in gateway_responses.items():
        if "$" in (response.template or ""):
            raise NotImplementedError(f"a variable in the gateway response {response_type}")
    return RestApi(
        methods=tuple(sorted(map(method, declared("Method").values()), key=lambda each: each.rank)),
        gateway_responses=gateway_responses,
        usage_plan=_usage_plan(declared("UsagePlan"), declared("UsagePlanKey")),
        keys=_keys(len(declared("UsagePlanKey"))),
    )


def _paths(resources: Mapping[str, Properties]) -> dict[str, str]:
    def path(id: str) -> str:
        if id not in resources:
            return ""
        return f"{path(resources[id]['ParentId'])}/{resources[id]['PathPart']}"

    return {id: path(id) for id in resources}


def _keys(count: int) -> dict[str, str]:
    """Returns the keys' ids by their values, which API Gateway makes up when it deploys."""
    values = [LOCAL_API_KEY, *(f"{LOCAL_API_KEY}-{number}" for number in range(2, count + 1))]
    return {value: value.replace(LOCAL_API_KEY, "local-key") for value in values[:count]}


def _usage_plan(
    plans: Mapping[str, Properties], keys: Mapping[str, Properties]
) -> UsagePlan | None:
    """Returns the usage plan of a stage that has a key in it: no other key opens anything."""
    for key in keys.values():
        plan = plans[key["UsagePlanId"]]
        stages, throttle, quota = plan.get("ApiStages"), plan.get("Throttle"), plan.get("Quota")
        if not stages:
            continue
        if any(stage.get("Throttle") for stage in stages):
            raise NotImplementedError("a usage plan's throttle for one method")
        if quota and (quota["Period"] != "DAY" or quota.get("Offset")):
            raise NotImplementedError(f"quota {quota}")
        return UsagePlan(
            throttle=Throttle(throttle["RateLimit"], throttle["BurstLimit"]) if throttle else None,
            daily_quota=int(quota["Limit"]) if quota else None,
        )
    return None


def _method(
    properties: Properties, path: str, throttle: Throttle | None, schemas: Properties
) -> Method:
    """`schemas` are those of the request models, none where requests are not validated."""
    integration = properties["Integration"]
    authorization, http_method = properties["AuthorizationType"], properties["HttpMethod"]
    if authorization not in ("NONE", "AWS_IAM"):
        raise NotImplementedError(f"{http_method} with {authorization}")
    uri = re.fullmatch(
        r"arn:[^:]+:apigateway:[^:]+:(?P<service>\w+):action/(?P<action>\w+)",
        integration.get("Uri", ""),
    )
    if integration["Type"] != "MOCK" and (integration["Type"] != "AWS" or uri is None):
        raise NotImplementedError(f"integration {integration['Type']} {integration.get('Uri')}")
    if integration["PassthroughBehavior"] != "NEVER":
        raise NotImplementedError(f"passthrough {integration['PassthroughBehavior']}")
    declared = {
        (response["StatusCode"], name)
        for response in properties.get("MethodResponses", [])
        for name in response.get("ResponseParameters", {})
    }
    for response in integration["IntegrationResponses"]:
        for name in response.get("ResponseParameters", {}):
            if (response["StatusCode"], name) not in declared:
                status = response["StatusCode"]
                raise DeploymentError(f"method response {status} does not declare {name}")
    models = properties.get("RequestModels", {}) if schemas else {}
    return Method(
        http_method=http_method,
        path=path,
        signed=authorization == "AWS_IAM",
        api_key_required=properties.get("ApiKeyRequired", False),
        body_models={content_type: schemas[model] for content_type, model in models.items()},
        throttle=throttle,
        service=uri["service"] if uri else "",
        action=uri["action"] if uri else "",
        role_arn=integration.get("Credentials", ""),
        timeout_seconds=integration.get("TimeoutInMillis", DEFAULT_TIMEOUT_MS) / 1_000,
        headers=_headers(integration.get("RequestParameters", {})),
        templates=integration["RequestTemplates"],
        responses=tuple(map(_response, integration["IntegrationResponses"])),
    )


def _response(properties: Properties) -> MappedResponse:
    return MappedResponse(
        status=int(properties["StatusCode"]) if "StatusCode" in properties else None,
        headers=_headers(properties.get("ResponseParameters", {})),
        template=properties.get("ResponseTemplates", {}).get("application/json"),
        selection_pattern=properties.get("SelectionPattern"),
    )


def _headers(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the headers of a parameter mapping, whose fixed values stand in quotes."""
    headers = {}
    for name, value in parameters.items():
        target, _, header = name.rpartition(".header.")
        if len(value) < 2 or value[0] != "'" or value[-1] != "'" or not target:
            raise NotImplementedError(f"parameter mapping {name} to {value}")
        headers[header] = value[1:-1]
    return headers
