"""The stack: bucket, functions, workflow, API and observability, with their permissions."""

from collections.abc import Mapping, Sequence

from aws_cdk import Annotations, CfnOutput, Environment, Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.api import Api
from cdk.definition import definition_for, task_of
from cdk.firewall import Firewall
from cdk.functions import Functions
from cdk.guardrail import Guardrail
from cdk.observability import Observability
from cdk.operations import operations_for
from cdk.pictures import Pictures
from cdk.settings import Settings
from cdk.workflow import Workflow
from lambdas.common.catalog import CATALOG, Model
from lambdas.common.keys import (
    IDEMPOTENCY,
    INDEX,
    INDEX_BY_OWNER,
    LOCKS,
    MANIFESTS,
    PICTURES,
    STAGING,
)
from lambdas.picture import FILE_EXTENSIONS


class EaselStack(Stack):
    """One environment of Easel, in whichever account and region it is deployed to."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        catalog: Mapping[str, Model] = CATALOG,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id, description="Easel: text-to-image as a workflow", env=env)
        _warn_if_legacy(self, catalog[settings.default_model])
        self.pictures = Pictures(self, "Pictures", settings=settings)
        self.guardrail = (
            Guardrail(self, "Guardrail", settings=settings) if settings.guardrail == "on" else None
        )
        definition = definition_for(settings)
        self.functions = Functions(
            self,
            "Functions",
            settings=settings,
            bucket_name=self.pictures.bucket.bucket_name,
            guardrail=self.guardrail,
            list_seconds=task_of(definition, "Library")["TimeoutSeconds"],
            store_seconds=task_of(definition, "Store", "publish")["TimeoutSeconds"],
        )
        self.workflow = Workflow(
            self,
            "Workflow",
            settings=settings,
            definition=definition,
            substitutions=self._substitutions(),
        )
        self.api = Api(
            self,
            "Api",
            settings=settings,
            state_machine=self.workflow.state_machine,
            operations=operations_for(settings),
        )
        self.observability = Observability(
            self,
            "Observability",
            settings=settings,
            api=self.api.api,
            state_machine=self.workflow.state_machine,
            functions=self.functions.all,
            guardrail=self.guardrail,
        )
        if settings.waf:
            Firewall(self, "Firewall", settings=settings, stage=self.api.api.deployment_stage)
        self._grant(settings)
        self._output(settings)
        for key, value in settings.tags:
            Tags.of(self).add(key, value)

    def _grant(self, settings: Settings) -> None:
        functions = self.functions.all
        staged, pictures = f"{STAGING}*", f"{PICTURES}*"
        files = [f"{PICTURES}*.{extension}" for extension in FILE_EXTENSIONS.values()]
        keys, indexes = f"{IDEMPOTENCY}*", [f"{INDEX}*", f"{INDEX_BY_OWNER}*"]
        self._grant_bucket("validate", read=[keys, MANIFESTS], write=[keys])
        self._grant_bucket("generate", read=[staged, pictures], write=[staged], delete=[LOCKS])
        self._grant_bucket(
            "store", read=[staged, pictures], write=[pictures, *indexes], purge=files
        )
        self._grant_bucket("library", read=[MANIFESTS], delete=indexes)
        if settings.allow_deletion:
            self._grant_bucket("delete", read=[MANIFESTS], purge=[staged, pictures, *indexes])
        models = f"arn:{self.partition}:bedrock:{settings.bedrock_region}::foundation-model"
        functions["generate"].add_to_role_policy(
            _allow("bedrock:InvokeModel", [f"{models}/{model}" for model in settings.models])
        )
        self.workflow.state_machine.add_to_role_policy(
            _allow("lambda:InvokeFunction", [each.function_arn for each in functions.values()])
        )
        if self.guardrail is not None:
            check = _allow("bedrock:ApplyGuardrail", self.guardrail.resources)
            self.workflow.state_machine.add_to_role_policy(check)
            functions["store"].add_to_role_policy(check)

    def _grant_bucket(
        self,
        name: str,
        *,
        read: Sequence[str] = (),
        write: Sequence[str] = (),
        delete: Sequence[str] = (),
        purge: Sequence[str] = (),
    ) -> None:
        """Allows a function these patterns of keys, and s3:ListBucket, without which S3 answers 403
        instead of 404 for a missing key. To purge is to list and delete versions."""
        bucket, function = self.pictures.bucket, self.functions.all[name]
        function.add_to_role_policy(_allow("s3:ListBucket", [bucket.bucket_arn]))
        if purge:
            function.add_to_role_policy(_allow("s3:ListBucketVersions", [bucket.bucket_arn]))
        granted = {
            "s3:GetObject": read,
            "s3:PutObject": write,
            "s3:DeleteObject": delete,
            "s3:DeleteObjectVersion": purge,
        }
        for action, patterns in granted.items():
            if patterns:
                keys = [bucket.arn_for_objects(pattern) for pattern in patterns]
                function.add_to_role_policy(_allow(action, keys))
        key = bucket.encryption_key
        if key is not None:
            function.add_to_role_policy(_allow("kms:Decrypt", [key.key_arn]))
            if write:
                function.add_to_role_policy(_allow("kms:GenerateDataKey", [key.key_arn]))

    def _substitutions(self) -> dict[str, str]:
        """Returns the values for the `${Name}` placeholders of the ASL file."""
        places = {
            f"{name.title()}FunctionArn": function.function_arn
            for name, function in self.functions.all.items()
        }
        if self.guardrail is not None:
            places["GuardrailId"] = self.guardrail.guardrail_id
            places["GuardrailVersion"] = self.guardrail.version
        return places

    def _output(self, settings: Settings) -> None:
        outputs = {
            "ApiUrl": f"{self.api.address}/images",
            "StateMachineArn": self.workflow.state_machine.state_machine_arn,
            "BucketName": self.pictures.bucket.bucket_name,
            "LogBucketName": self.pictures.log_bucket.bucket_name,
            "DashboardUrl": self.observability.dashboard_url,
            "AlarmTopicArn": self.observability.topic.topic_arn,
        }
        if self.api.key is not None:
            outputs["ApiKeyId"] = self.api.key.key_id
        if self.api.api.domain_name is not None:
            outputs["DomainTarget"] = self.api.api.domain_name.domain_name_alias_domain_name
        if settings.allow_deletion:
            outputs["DeleteMethodArn"] = self.api.api.arn_for_execute_api(
                "DELETE", "/images/*", self.api.api.deployment_stage.stage_name
            )
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def _warn_if_legacy(scope: Construct, model: Model) -> None:
    """Adds a warning, which `cdk synth --strict` treats as an error."""
    if model.legacy is not None:
        Annotations.of(scope).add_warning_v2(
            "easel:legacyDefaultModel",
            f"default_model {model.id} is legacy since {model.legacy.since} and draws until "
            f"{model.legacy.until}, for accounts that use it; use {model.legacy.successor}",
        )


def _allow(action: str, resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=[action], resources=list(resources))
