"""The table of what a deployment makes in AWS, and why: counted in the template."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from cdk.settings import Settings
from docs.markdown import table
from tests.cdk.combinations import COMBINATIONS, template_of

REASONS: Mapping[str, str] = {
    "ApiGateway::RestApi": "the API that callers reach",
    "ApiGateway::Resource": "the segments of its routes",
    "ApiGateway::Method": "a route and method each, and who may call it; `ANY` for all others. "
    "`allowed_origins`: what browsers ask first",
    "ApiGateway::Model": "says that a request's body is a JSON object",
    "ApiGateway::RequestValidator": "refuses other bodies before an execution is paid",
    "ApiGateway::GatewayResponse": "errors of the gateway itself, in the form of all errors",
    "ApiGateway::Deployment": "the API as it was deployed last",
    "ApiGateway::Stage": "where it is called: throttle, access log, tracing",
    "ApiGateway::Account": "lets API Gateway write logs, for all of the account's APIs",
    "ApiGateway::ApiKey": "`auth: api_key`: the first caller's key",
    "ApiGateway::UsagePlan": "`auth: api_key`: the throttle and daily quota of a key",
    "ApiGateway::UsagePlanKey": "`auth: api_key`: puts the key in the plan",
    "ApiGateway::DomainName": "`domain_name`: the API's own name, with its certificate",
    "ApiGateway::BasePathMapping": "`domain_name`: leads all of its paths to the stage",
    "WAFv2::WebACL": "`waf`: blocks known attacks, and addresses that call too often",
    "WAFv2::WebACLAssociation": "`waf`: puts it in front of the stage",
    "WAFv2::LoggingConfiguration": "`waf`: logs what it saw, without bodies and secrets",
    "StepFunctions::StateMachine": "the workflow, one execution for each request",
    "Lambda::Function": "validate, generate, store and library; `allow_deletion`: delete",
    "Bedrock::Guardrail": "checks prompts and pictures. "
    "Not with `guardrail: off` or `guardrail_id`",
    "Bedrock::GuardrailVersion": "the guardrail as the functions ask it, whatever is edited",
    "S3::Bucket": "pictures with their manifests, and the log of who read them",
    "S3::BucketPolicy": "TLS alone, and no picture overwritten unseen",
    "IAM::Role": "one for each function, the workflow and the API's call of it, and for its logs",
    "IAM::Policy": "what each of them may do, and nothing else",
    "Logs::LogGroup": "one for each function, the workflow, the API's accesses and its errors",
    "Logs::MetricFilter": "counts throttled requests, and answers of 500, in the access log",
    "CloudWatch::Alarm": "what an operator has to know",
    "CloudWatch::Dashboard": "calls, times, errors and costs on one page",
    "SNS::Topic": "where alarms go",
    "SNS::TopicPolicy": "lets this stack's alarms publish, over TLS alone",
    "SNS::Subscription": "`alarm_email`: mails them",
    "KMS::Key": "encrypts the topic, because CloudWatch may not use the key of SNS. "
    "Not with `kms_key_arn`",
}

# With every setting that adds a resource.
_MOST = replace(
    COMBINATIONS["own_domain"],
    auth="api_key",
    allow_deletion=True,
    allowed_origins=("https://a.example",),
    waf=True,
    alarm_email="operator@example.com",
)


def deployed() -> str:
    """Returns the types of resources, in the order of the reasons, with how many there are by
    default and with every setting that adds some. Raises ValueError unless each has a reason."""
    usual, most = _counted(Settings()), _counted(_MOST)
    wrong = most.keys() ^ REASONS.keys()
    if wrong:
        raise ValueError(f"without a reason or not deployed: {', '.join(sorted(wrong))}")
    return table(
        ("Resource", "By default", "At most", "Why"),
        ((f"`AWS::{type}`", usual[type], most[type], why) for type, why in REASONS.items()),
    )


def _counted(settings: Settings) -> Counter[str]:
    resources = template_of(settings).to_json()["Resources"].values()
    return Counter(resource["Type"].removeprefix("AWS::") for resource in resources)
