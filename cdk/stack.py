"""The stack: bucket, functions, workflow, API, what watches them, and who may do what to which."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.api import Api
from cdk.deadline import deadline_of
from cdk.firewall import Firewall
from cdk.functions import Functions
from cdk.guardrail import Guardrail
from cdk.lifecycle import warn_where_legacy
from cdk.observability import Observability
from cdk.pictures import Pictures
from cdk.settings import Settings
from cdk.workflow import Workflow, definition_for
from lambdas.common.catalog import CATALOG, Model


class EaselStack(Stack):
    """One environment of Easel. Account and region are those it is deployed to."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        catalog: Mapping[str, Model] = CATALOG,
    ) -> None:
        super().__init__(scope, id, description="Easel: text-to-image as a workflow")
        warn_where_legacy(self, catalog[settings.default_model])
        self.pictures = Pictures(self, "Pictures", settings=settings)
        self.guardrail = (
            Guardrail(self, "Guardrail", settings=settings) if settings.guardrail == "on" else None
        )
        definition = definition_for(settings)
        self.functions = Functions(
            self,
            "Functions",
            settings=settings,
            deadline=deadline_of(definition),
            bucket_name=self.pictures.bucket.bucket_name,
            guardrail=self.guardrail,
        )
        self.workflow = Workflow(
            self,
            "Workflow",
            settings=settings,
            definition=definition,
            substitutions={
                "ValidateFunctionArn": self.functions.validate.function_arn,
                "GenerateFunctionArn": self.functions.generate.function_arn,
                "StoreFunctionArn": self.functions.store.function_arn,
                "LibraryFunctionArn": self.functions.library.function_arn,
                **self._guardrail_places(),
            },
        )
        self.api = Api(self, "Api", settings=settings, state_machine=self.workflow.state_machine)
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
        self._output()

    def _grant(self, settings: Settings) -> None:
        bucket = self.pictures.bucket
        functions = self.functions
        self.workflow.state_machine.add_to_role_policy(
            _allow(
                ["lambda:InvokeFunction"],
                [function.function_arn for function in functions.all.values()],
            )
        )
        for statement in (
            # Without s3:ListBucket, S3 answers 403 and not 404 for an object that is not there.
            _allow(["s3:ListBucket"], [bucket.bucket_arn]),
            _allow(["s3:GetObject", "s3:PutObject"], [bucket.arn_for_objects("idempotency/*")]),
            # The manifest of a picture that is to be drawn again.
            _allow(["s3:GetObject"], [bucket.arn_for_objects("output-images/*.json")]),
        ):
            functions.validate.add_to_role_policy(statement)
        for statement in (
            _allow(
                ["bedrock:InvokeModel"],
                [
                    f"arn:{self.partition}:bedrock:{settings.bedrock_region}"
                    f"::foundation-model/{model}"
                    for model in settings.models
                ],
            ),
            _allow(["s3:ListBucket"], [bucket.bucket_arn]),
            _allow(
                ["s3:GetObject"],
                [bucket.arn_for_objects("staging/*"), bucket.arn_for_objects("output-images/*")],
            ),
            _allow(["s3:PutObject"], [bucket.arn_for_objects("staging/*")]),
            _allow(["s3:DeleteObject"], [bucket.arn_for_objects("staging/*.claim")]),
        ):
            functions.generate.add_to_role_policy(statement)
        for statement in (
            _allow(["s3:ListBucket"], [bucket.bucket_arn]),
            _allow(
                ["s3:GetObject"],
                [bucket.arn_for_objects("staging/*"), bucket.arn_for_objects("output-images/*")],
            ),
            _allow(
                ["s3:PutObject"],
                [bucket.arn_for_objects("output-images/*"), bucket.arn_for_objects("index/*")],
            ),
        ):
            functions.store.add_to_role_policy(statement)
        for statement in (
            _allow(["s3:ListBucket"], [bucket.bucket_arn]),
            _allow(["s3:GetObject"], [bucket.arn_for_objects("output-images/*")]),
        ):
            functions.library.add_to_role_policy(statement)

        if self.guardrail is not None:
            check = _allow(["bedrock:ApplyGuardrail"], [self.guardrail.arn])
            self.workflow.state_machine.add_to_role_policy(check)
            functions.store.add_to_role_policy(check)

    def _guardrail_places(self) -> dict[str, str]:
        if self.guardrail is None:
            return {}
        return {
            "GuardrailId": self.guardrail.guardrail_id,
            "GuardrailVersion": self.guardrail.version,
        }

    def _output(self) -> None:
        CfnOutput(self, "ApiUrl", value=self.api.api.url_for_path("/images"))
        CfnOutput(self, "StateMachineArn", value=self.workflow.state_machine.state_machine_arn)
        CfnOutput(self, "BucketName", value=self.pictures.bucket.bucket_name)
        CfnOutput(self, "LogBucketName", value=self.pictures.log_bucket.bucket_name)
        CfnOutput(self, "DashboardUrl", value=self.observability.dashboard_url)
        CfnOutput(self, "AlarmTopicArn", value=self.observability.topic.topic_arn)
        if self.api.key is not None:
            CfnOutput(self, "ApiKeyId", value=self.api.key.key_id)


def _allow(actions: list[str], resources: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=resources)
