"""What cdk-nag, cfn-lint and checkov find and is right as it is: one reason for each rule."""

from dataclasses import dataclass

from tests.rules.rule_checkers import Finding

AT_MOST = 13


@dataclass(frozen=True)
class Acknowledgement:
    """`rules` have one reason: different checkers' names for one rule, or answers to one question.
    `places` are exact."""

    rules: tuple[str, ...]
    places: tuple[str, ...]
    reason: str

    @property
    def findings(self) -> set[Finding]:
        return {Finding(rule, place) for rule in self.rules for place in self.places}


_FUNCTIONS = (
    "Functions/Validate",
    "Functions/Generate",
    "Functions/Store",
    "Functions/Library",
    "Functions/Delete",
)
_METHODS = tuple(
    f"Api/RestApi/Default/{method}"
    for method in (
        "POST",
        "ANY",
        "images/POST",
        "images/GET",
        "images/ANY",
        "images/{id}/GET",
        "images/{id}/DELETE",
        "images/{id}/ANY",
        "images/{id}/rerun/POST",
        "images/{id}/rerun/ANY",
        "image/POST",
        "image/ANY",
        "image-generation/POST",
        "image-generation/ANY",
        "generate-poster/POST",
        "generate-poster/ANY",
        "openapi.json/GET",
        "openapi.json/ANY",
        "{proxy+}/ANY",
    )
)
_STAGE = "Api/RestApi/DeploymentStage.v1"

ACKNOWLEDGED = (
    Acknowledgement(
        ("AwsSolutions-COG4", "AwsSolutions-APIG4"),
        _METHODS,
        "Callers are programs, not people who sign in: SigV4 authorizes them, which only iam, the "
        "default, counts as, or the gateway asks every method for a key of a usage plan.",
    ),
    Acknowledgement(
        ("AwsSolutions-APIG3",),
        (_STAGE,),
        "A web ACL costs by the month, so setting waf makes it. Without one, nobody without "
        "credentials or a key gets further than the gateway, which throttles the others.",
    ),
    Acknowledgement(
        ("AwsSolutions-IAM5",),
        (
            *(
                f"{each} [Resource::*]"
                for each in (
                    "Functions/ValidateRole/DefaultPolicy",
                    "Functions/GenerateRole/DefaultPolicy",
                    "Functions/StoreRole/DefaultPolicy",
                    "Functions/LibraryRole/DefaultPolicy",
                    "Functions/DeleteRole/DefaultPolicy",
                    "Workflow/StateMachine/Role/DefaultPolicy",
                )
            ),
            "Functions/ValidateRole/DefaultPolicy [Resource::<PicturesBucket.Arn>/idempotency/*]",
            "Functions/ValidateRole/DefaultPolicy "
            "[Resource::<PicturesBucket.Arn>/output-images/*.json]",
            "Functions/GenerateRole/DefaultPolicy [Resource::<PicturesBucket.Arn>/output-images/*]",
            "Functions/GenerateRole/DefaultPolicy [Resource::<PicturesBucket.Arn>/staging/*]",
            "Functions/GenerateRole/DefaultPolicy [Resource::<PicturesBucket.Arn>/staging/*.claim]",
            "Functions/StoreRole/DefaultPolicy [Resource::<PicturesBucket.Arn>/output-images/*]",
            "Functions/StoreRole/DefaultPolicy [Resource::<PicturesBucket.Arn>/staging/*]",
            *(
                f"Functions/{role}/DefaultPolicy [Resource::<PicturesBucket.Arn>/{index}/*]"
                for role in ("StoreRole", "LibraryRole", "DeleteRole")
                for index in ("index", "index-by-owner")
            ),
            "Functions/StoreRole/DefaultPolicy "
            "[Resource::<PicturesBucket.Arn>/output-images/*.png]",
            "Functions/StoreRole/DefaultPolicy "
            "[Resource::<PicturesBucket.Arn>/output-images/*.jpg]",
            *(
                f"{role}/DefaultPolicy [Resource::arn:<AWS::Partition>:bedrock:*:<AWS::AccountId>:"
                'guardrail-profile/{"Fn::FindInMap":["GuardrailProfilesB41E6A11",'
                '{"Ref":"AWS::Region"},"Guardrail"]}]'
                for role in ("Functions/StoreRole", "Workflow/StateMachine/Role")
            ),
            *(
                f"Functions/{role}/DefaultPolicy "
                "[Resource::<PicturesBucket.Arn>/output-images/*.json]"
                for role in ("LibraryRole", "DeleteRole")
            ),
            "Functions/DeleteRole/DefaultPolicy [Resource::<PicturesBucket.Arn>/output-images/*]",
            "Functions/DeleteRole/DefaultPolicy [Resource::<PicturesBucket.Arn>/staging/*]",
            "Api/Logs/WriterRole "
            "[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:*]",
        ),
        "X-Ray and log delivery know no resources; a picture's key is its hash, so a grant ends at "
        "the prefix; a guardrail profile checks in any region of its geography; the role of the "
        "account's gateway logs serves all its APIs.",
    ),
    Acknowledgement(
        ("Serverless-LambdaDLQ", "CKV_AWS_116"),
        _FUNCTIONS,
        "The state machine invokes them synchronously and handles their failures: a dead letter "
        "queue would stay empty.",
    ),
    Acknowledgement(
        ("Serverless-SNSRedrivePolicy",),
        ("Observability/Topic/operator@example.com",),
        "SNS tries an address for hours. What did not arrive is still an alarm on the dashboard; "
        "a queue that nobody reads would tell no one.",
    ),
    Acknowledgement(
        ("W3005",),
        (*_FUNCTIONS, "Workflow/StateMachine"),
        "CDK writes a dependency on the role beside the reference to it.",
    ),
    Acknowledgement(
        ("CKV_AWS_115",),
        _FUNCTIONS,
        "Generate, where money goes, has a reservation unless generate_concurrency is 0, for "
        "accounts that have none to give. The others are bounded by the stage's throttle, and a "
        "reservation takes from the account's other functions.",
    ),
    Acknowledgement(
        ("CKV_AWS_117",),
        _FUNCTIONS,
        "They talk to S3 and Bedrock only; in a VPC they would pay for endpoints to reach both.",
    ),
    Acknowledgement(
        ("CKV_AWS_120",),
        (_STAGE,),
        "The answer to a POST is not to be cached, and each of them has a URL that expires.",
    ),
    Acknowledgement(
        ("CKV_AWS_158",),
        (
            "Api/Logs/Access",
            "Api/Logs/Execution",
            "Functions/ValidateLogs",
            "Functions/GenerateLogs",
            "Functions/StoreLogs",
            "Functions/LibraryLogs",
            "Functions/DeleteLogs",
            "Workflow/Logs",
            "Firewall/Logs",
        ),
        "CloudWatch encrypts them with its own key; one of the customer's only costs more.",
    ),
    Acknowledgement(
        ("CKV_AWS_173",),
        _FUNCTIONS,
        "Lambda encrypts variables with its own key; these hold names and times, no secrets.",
    ),
    Acknowledgement(
        ("E3601",),
        ("Workflow/StateMachine[States/DrawEach/ItemProcessor/States/Generate/TimeoutSeconds]",),
        "A task's timeout may be an expression in JSONata (CDK's Timeout.jsonata says so too); "
        "cfn-lint knows that of a Wait's seconds only.",
    ),
    Acknowledgement(
        ("CKV_AWS_18",),
        ("Pictures/LogBucket",),
        "It is where access logs go: logging its own deliveries would make logs without end.",
    ),
)
