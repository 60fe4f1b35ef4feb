"""Where callers reach the API: at its public address, at a domain of their own, or in a VPC alone.

Sources: "Private REST APIs", "How API Gateway resource policies affect authorization workflow" and
"Set up a Regional custom domain name" of the API Gateway guide.
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.settings import Settings


def endpoint_options(scope: Construct, settings: Settings) -> dict[str, Any]:
    """Returns the options of a REST API that say where callers reach it."""
    if settings.vpc_endpoint_id:
        return _private(scope, settings)
    options: dict[str, Any] = {"endpoint_types": [apigateway.EndpointType.REGIONAL]}
    if settings.domain_name:
        # All of the domain leads to the API: its base path is empty.
        options["domain_name"] = apigateway.DomainNameOptions(
            domain_name=settings.domain_name,
            certificate=acm.Certificate.from_certificate_arn(
                scope, "Certificate", settings.certificate_arn
            ),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
    return options


def _private(scope: Construct, settings: Settings) -> dict[str, Any]:
    endpoint = ec2.InterfaceVpcEndpoint.from_interface_vpc_endpoint_attributes(
        scope, "VpcEndpoint", vpc_endpoint_id=settings.vpc_endpoint_id, port=443
    )
    return {
        "endpoint_configuration": apigateway.EndpointConfiguration(
            types=[apigateway.EndpointType.PRIVATE], vpc_endpoints=[endpoint]
        ),
        "policy": iam.PolicyDocument(statements=_only_through(settings)),
    }


def _only_through(settings: Settings) -> Sequence[iam.PolicyStatement]:
    """Returns a resource policy's statements: a private API needs one that allows something."""

    def invoke(principal: iam.IPrincipal, *, on: str = "", **rest: Any) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            principals=[principal],
            actions=["execute-api:Invoke"],
            resources=[f"execute-api:/*{on}"],
            **rest,
        )

    elsewhere = {"StringNotEquals": {"aws:SourceVpce": settings.vpc_endpoint_id}}
    deny = invoke(iam.AnyPrincipal(), effect=iam.Effect.DENY, conditions=elsewhere)
    if settings.auth == "api_key":
        return [deny, invoke(iam.AnyPrincipal())]
    # Not everybody: either policy's allow is enough within an account, so callers would no longer
    # need a permission of their own. An account leaves that to its own policies.
    allowed = [invoke(iam.AccountRootPrincipal())]
    if settings.allowed_origins:  # browsers sign no preflight
        allowed.append(invoke(iam.AnyPrincipal(), on="/OPTIONS/*"))
    return [deny, *allowed]
