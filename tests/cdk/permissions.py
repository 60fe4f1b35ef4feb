"""What each role may do, and what each resource's own policy says: tables that every template is
held against. `${Name}` and `${Name.Arn}` stand for resources of the template."""

from typing import Any

from cdk.gateway_logs import WRITER_ACTIONS
from cdk.settings import Settings
from tests.cdk.combinations import STACK_NAME

# Actions that know no resource types, so that a policy has to say "*". Sources: "Actions,
# resources, and condition keys" of X-Ray, and for log delivery "Using CloudWatch Logs to log
# execution history in Step Functions".
WITHOUT_RESOURCES = {
    "xray:PutTraceSegments": "a segment belongs to no resource",
    "xray:PutTelemetryRecords": "as above",
    "xray:GetSamplingRules": "lists the account's rules",
    "xray:GetSamplingTargets": "as above",
    "logs:CreateLogDelivery": "log delivery is of the account; its log group is given in the call",
    "logs:GetLogDelivery": "as above",
    "logs:UpdateLogDelivery": "as above",
    "logs:DeleteLogDelivery": "as above",
    "logs:ListLogDeliveries": "as above",
    "logs:PutResourcePolicy": "the policies of CloudWatch Logs are the account's",
    "logs:DescribeResourcePolicies": "as above",
    "logs:DescribeLogGroups": "lists the account's groups",
}

TRACED = {"xray:PutTraceSegments": {"*"}, "xray:PutTelemetryRecords": {"*"}}

BUCKET = "${PicturesBucket.Arn}"
PROFILE = "${Guardrail of AWS::Region}"
LOG_BUCKET = "${PicturesLogBucket.Arn}"


def logged(name: str) -> dict[str, set[str]]:
    group = {f"${{Functions{name}Logs.Arn}}"}
    return {"logs:CreateLogStream": group, "logs:PutLogEvents": group}


def checked(settings: Settings) -> dict[str, set[str]]:
    """With the guardrail, on it alone: the stack's own or the one brought along."""
    if settings.guardrail == "off":
        return {}
    if settings.guardrail_id:
        account = "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}"
        return {"bedrock:ApplyGuardrail": {f"{account}:guardrail/{settings.guardrail_id}"}}
    profiles = {
        f"arn:${{AWS::Partition}}:bedrock:*:${{AWS::AccountId}}:guardrail-profile/{PROFILE}"
    }
    standard = profiles if settings.guardrail_tier == "STANDARD" else set()
    return {"bedrock:ApplyGuardrail": {"${Guardrail.GuardrailArn}"} | standard}


def read_with_key(settings: Settings) -> dict[str, set[str]]:
    """With the key of the settings, if they name one."""
    return {"kms:Decrypt": {settings.kms_key_arn}} if settings.kms_key_arn else {}


def written_with_key(settings: Settings) -> dict[str, set[str]]:
    generate = {"kms:GenerateDataKey": {settings.kms_key_arn}} if settings.kms_key_arn else {}
    return read_with_key(settings) | generate


def roles(settings: Settings) -> dict[str, tuple[str, dict[str, set[str]]]]:
    """Role -> the service that takes it on, and action -> the resources it is allowed on."""
    return {
        "Functions/ValidateRole": (
            "lambda.amazonaws.com",
            {
                **logged("Validate"),
                **TRACED,
                "s3:ListBucket": {BUCKET},
                "s3:GetObject": {f"{BUCKET}/idempotency/*", f"{BUCKET}/output-images/*.json"},
                "s3:PutObject": {f"{BUCKET}/idempotency/*"},
                **written_with_key(settings),
            },
        ),
        "Functions/GenerateRole": (
            "lambda.amazonaws.com",
            {
                **logged("Generate"),
                **TRACED,
                "bedrock:InvokeModel": {
                    f"arn:${{AWS::Partition}}:bedrock:{settings.bedrock_region}"
                    f"::foundation-model/{model}"
                    for model in settings.models
                },
                "s3:ListBucket": {BUCKET},
                "s3:GetObject": {f"{BUCKET}/staging/*", f"{BUCKET}/output-images/*"},
                "s3:PutObject": {f"{BUCKET}/staging/*"},
                "s3:DeleteObject": {f"{BUCKET}/staging/*.claim"},
                **written_with_key(settings),
            },
        ),
        "Functions/StoreRole": (
            "lambda.amazonaws.com",
            {
                **logged("Store"),
                **TRACED,
                "s3:ListBucket": {BUCKET},
                "s3:GetObject": {f"{BUCKET}/staging/*", f"{BUCKET}/output-images/*"},
                "s3:PutObject": {
                    f"{BUCKET}/output-images/*",
                    f"{BUCKET}/index/*",
                    f"{BUCKET}/index-by-owner/*",
                },
                "s3:ListBucketVersions": {BUCKET},
                "s3:DeleteObjectVersion": {
                    f"{BUCKET}/output-images/*.png",
                    f"{BUCKET}/output-images/*.jpg",
                },
                **written_with_key(settings),
                **checked(settings),
            },
        ),
        "Functions/LibraryRole": (
            "lambda.amazonaws.com",
            {
                **logged("Library"),
                **TRACED,
                "s3:ListBucket": {BUCKET},
                "s3:GetObject": {f"{BUCKET}/output-images/*.json"},
                "s3:DeleteObject": {f"{BUCKET}/index/*", f"{BUCKET}/index-by-owner/*"},
                **read_with_key(settings),
            },
        ),
        **(
            {
                "Functions/DeleteRole": (
                    "lambda.amazonaws.com",
                    {
                        **logged("Delete"),
                        **TRACED,
                        "s3:ListBucket": {BUCKET},
                        "s3:GetObject": {f"{BUCKET}/output-images/*.json"},
                        "s3:ListBucketVersions": {BUCKET},
                        "s3:DeleteObjectVersion": {
                            f"{BUCKET}/staging/*",
                            f"{BUCKET}/output-images/*",
                            f"{BUCKET}/index/*",
                            f"{BUCKET}/index-by-owner/*",
                        },
                    },
                )
            }
            if settings.allow_deletion
            else {}
        ),
        "Workflow/StateMachine/Role": (
            "states.amazonaws.com",
            {
                "lambda:InvokeFunction": {
                    "${FunctionsValidate.Arn}",
                    "${FunctionsGenerate.Arn}",
                    "${FunctionsStore.Arn}",
                    "${FunctionsLibrary.Arn}",
                    *(["${FunctionsDelete.Arn}"] if settings.allow_deletion else []),
                },
                **{action: {"*"} for action in WITHOUT_RESOURCES},
                **checked(settings),
            },
        ),
        "Api/StartExecutionRole": (
            "apigateway.amazonaws.com",
            {"states:StartSyncExecution": {"${WorkflowStateMachine}"}},
        ),
        # Serves all APIs of the account and region, and API Gateway asks for every action.
        "Api/Logs/WriterRole": (
            "apigateway.amazonaws.com",
            {
                action: {"arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*"}
                for action in WRITER_ACTIONS
            },
        ),
    }


def without_tls(bucket: str) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


TOPIC = "${ObservabilityTopic}"

# What CloudWatch may do, for the alarms of this stack only.
CLOUDWATCH = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Condition": {
        "StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"},
        "ArnLike": {
            "aws:SourceArn": "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}"
            f":alarm:{STACK_NAME}-*"
        },
    },
}

ACCOUNT = {"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}

# WAF writes the policy of its log group itself.
RESOURCE_POLICIES = {
    "Pictures/Bucket/Policy": [
        without_tls(BUCKET),
        # A write that does not say what it found there before.
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:PutObject",
            "Resource": f"{BUCKET}/output-images/*",
            "Condition": {"Null": {"s3:if-none-match": "true", "s3:if-match": "true"}},
        },
    ],
    "Pictures/LogBucket/Policy": [
        without_tls(LOG_BUCKET),
        {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{LOG_BUCKET}/pictures/*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": BUCKET},
                "StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"},
            },
        },
    ],
    "Observability/TopicKey": [
        # Without it the account's own policies would say nothing, and the key could not be managed.
        {
            "Effect": "Allow",
            "Principal": ACCOUNT,
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": CLOUDWATCH["Principal"],
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        },
    ],
    "Observability/Topic/Policy": [
        {
            "Sid": "AllowPublishThroughSSLOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {"Sid": "1", **CLOUDWATCH, "Action": "sns:Publish", "Resource": TOPIC},
    ],
}


def resource_policies(settings: Settings) -> dict[str, Any]:
    """The policies of a stack with these settings. A private API has one, and a key that is brought
    along keeps its own."""
    policies: dict[str, Any] = dict(RESOURCE_POLICIES)
    if settings.kms_key_arn:
        del policies["Observability/TopicKey"]
    if settings.vpc_endpoint_id:
        invoke = {"Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
        elsewhere = {"StringNotEquals": {"aws:SourceVpce": settings.vpc_endpoint_id}}
        everybody = {"AWS": "*"}
        allowed = everybody if settings.auth == "api_key" else ACCOUNT
        policies["Api/RestApi"] = [
            {"Effect": "Deny", "Principal": everybody, **invoke, "Condition": elsewhere},
            {"Effect": "Allow", "Principal": allowed, **invoke},
        ]
        if settings.auth == "iam" and settings.allowed_origins:
            preflights = {**invoke, "Resource": "execute-api:/*/OPTIONS/*"}
            policies["Api/RestApi"].append(
                {"Effect": "Allow", "Principal": everybody, **preflights}
            )
    return policies
