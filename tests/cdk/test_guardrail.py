"""The guardrail of the template: the stack's own, one brought along, none."""

import json
import re
from typing import Any

import botocore.session
import pytest
from aws_cdk import Environment, Stack
from aws_cdk.assertions import Annotations, Match, Template
from botocore.validate import ParamValidator

from cdk.guardrail import Guardrail
from cdk.guardrail_regions import CATEGORIES, PROFILES
from cdk.settings import DeniedTopic, Settings, SettingsError
from tests.cdk.combinations import COMBINATIONS, app, properties, template_of

IAM = Settings()
API_KEY = Settings(auth="api_key", allow_retired_models=True)


def alone(settings: Settings, region: str) -> Stack:
    """A stack of a region with nothing but the guardrail."""
    stack = Stack(app(), "alone", env=Environment(region=region))
    Guardrail(stack, "Guardrail", settings=settings)
    return stack


class TestGuardrail:
    OWN = Settings(
        denied_words=("walrus",),
        denied_topics=(DeniedTopic("Shares", "Advice on shares", ("which shares",)),),
        guardrail_strength="HIGH",
    )
    BROUGHT_ALONG = Settings(guardrail_id="abcdefgh1234", guardrail_version="7")
    STANDARD = COMBINATIONS["standard_guardrail"]
    OFF = Settings(guardrail="off")

    def test_it_has_the_policies_of_the_settings(self) -> None:
        (guardrail,) = properties(self.OWN, "AWS::Bedrock::Guardrail")

        filters = {each["Type"]: each for each in guardrail["ContentPolicyConfig"]["FiltersConfig"]}
        assert filters.keys() == {*CATEGORIES, "PROMPT_ATTACK"}
        for category in CATEGORIES:
            assert filters[category]["InputStrength"] == filters[category]["OutputStrength"]
            assert filters[category]["InputStrength"] == "HIGH"
            assert "TEXT" in filters[category]["InputModalities"]
            assert "IMAGE" in filters[category]["OutputModalities"]
        assert filters["PROMPT_ATTACK"]["OutputStrength"] == "NONE"
        assert guardrail["WordPolicyConfig"]["WordsConfig"] == [{"Text": "walrus"}]
        assert guardrail["TopicPolicyConfig"]["TopicsConfig"] == [
            {
                "Name": "Shares",
                "Definition": "Advice on shares",
                "Examples": ["which shares"],
                "Type": "DENY",
            }
        ]

    def test_the_service_would_accept_it(self) -> None:
        (guardrail,) = properties(self.OWN, "AWS::Bedrock::Guardrail")
        service = botocore.session.get_session().get_service_model("bedrock")
        shape: Any = service.operation_model("CreateGuardrail").input_shape

        report = ParamValidator().validate(_in_members(guardrail), shape)

        assert not report.has_errors(), report.generate_report()
        assert len(guardrail["Name"]) <= 50

    def test_the_service_would_accept_the_standard_tier(self) -> None:
        (guardrail,) = properties(self.STANDARD, "AWS::Bedrock::Guardrail")
        service = botocore.session.get_session().get_service_model("bedrock")
        shape: Any = service.operation_model("CreateGuardrail").input_shape
        profile = (
            f"arn:aws:bedrock:us-east-1:111111111111:guardrail-profile/{PROFILES['us-east-1']}"
        )
        sent = _in_members(guardrail | {"CrossRegionConfig": {"GuardrailProfileArn": profile}})

        # CloudFormation's names of these differ from the service's own.
        cross_region, content, topics = (
            sent["crossRegionConfig"], sent["contentPolicyConfig"], sent["topicPolicyConfig"],
        )  # fmt: skip
        cross_region["guardrailProfileIdentifier"] = cross_region.pop("guardrailProfileArn")
        content["tierConfig"] = content.pop("contentFiltersTierConfig")
        topics["tierConfig"] = topics.pop("topicsTierConfig")
        report = ParamValidator().validate(sent, shape)

        assert not report.has_errors(), report.generate_report()
        assert content["tierConfig"] == topics["tierConfig"] == {"tierName": "STANDARD"}
        (pattern,) = (
            shape.members["crossRegionConfig"].members["guardrailProfileIdentifier"].metadata,
        )
        assert re.fullmatch(pattern.get("pattern", ".*"), profile)

    @pytest.mark.parametrize("region", PROFILES)
    def test_the_standard_tier_has_the_profile_of_its_geography(self, region: str) -> None:
        template = Template.from_stack(alone(self.STANDARD, region)).to_json()

        (guardrail,) = (
            Template.from_json(template).find_resources("AWS::Bedrock::Guardrail").values()
        )
        (name,) = template["Mappings"]
        (_, parts) = guardrail["Properties"]["CrossRegionConfig"]["GuardrailProfileArn"]["Fn::Join"]
        assert parts[-1] == {"Fn::FindInMap": [name, {"Ref": "AWS::Region"}, "Guardrail"]}
        profile = template["Mappings"][name][region]["Guardrail"]
        assert region.startswith(profile.partition(".")[0][:2])

    def test_the_standard_tier_is_refused_where_it_is_not_known(self) -> None:
        with pytest.raises(SettingsError, match="STANDARD is not known to exist in eu-west-2"):
            alone(self.STANDARD, "eu-west-2")

    def test_other_policies_are_another_version(self) -> None:
        def description(settings: Settings) -> str:
            (version,) = properties(settings, "AWS::Bedrock::GuardrailVersion")
            return str(version["Description"])

        assert description(self.OWN) != description(IAM) != description(self.STANDARD)
        assert description(IAM) == description(API_KEY)

    def test_a_version_stays_when_another_follows_and_goes_with_its_guardrail(self) -> None:
        for settings in (Settings(removal_policy="retain"), Settings(removal_policy="destroy")):
            (version,) = (
                template_of(settings).find_resources("AWS::Bedrock::GuardrailVersion").values()
            )

            assert version["UpdateReplacePolicy"] == "Retain"
            assert version["DeletionPolicy"] == "Delete"

    @pytest.mark.parametrize(
        ("region", "unchecked"), [("eu-central-1", set()), ("eu-west-1", {"MISCONDUCT"})]
    )
    def test_pictures_are_checked_for_what_the_region_offers(
        self, region: str, unchecked: set[str]
    ) -> None:
        stack = alone(IAM, region)
        found = Template.from_stack(stack).find_resources("AWS::Bedrock::Guardrail")

        (guardrail,) = found.values()
        filters = guardrail["Properties"]["ContentPolicyConfig"]["FiltersConfig"]
        checked = {each["Type"] for each in filters if "IMAGE" in each.get("OutputModalities", [])}
        assert checked == set(CATEGORIES) - unchecked
        annotations = Annotations.from_stack(stack)
        if unchecked:
            annotations.has_warning("*", Match.string_like_regexp("not for MISCONDUCT"))
        else:
            annotations.has_no_warning("*", Match.any_value())

    @pytest.mark.parametrize("settings", [IAM, BROUGHT_ALONG], ids=["own", "brought along"])
    def test_a_region_whose_guardrails_look_at_no_pictures_is_refused(
        self, settings: Settings
    ) -> None:
        with pytest.raises(SettingsError, match="no pictures in sa-east-1"):
            alone(settings, "sa-east-1")

    def test_one_brought_along_is_used_and_none_is_made(self) -> None:
        assert not properties(self.BROUGHT_ALONG, "AWS::Bedrock::Guardrail")
        (machine,) = properties(self.BROUGHT_ALONG, "AWS::StepFunctions::StateMachine")
        assert machine["DefinitionSubstitutions"]["GuardrailVersion"] == "7"

    def test_with_it_off_there_is_no_state_no_grant_and_no_guardrail(self) -> None:
        (machine,) = properties(self.OFF, "AWS::StepFunctions::StateMachine")
        states = json.loads(machine["DefinitionString"])["States"]

        assert states["Accepted"]["Choices"][0]["Next"] == "DrawEach"
        assert not {"CheckPrompt", "Verdict", "PromptBlocked", "GuardrailRefused"} & states.keys()
        assert not properties(self.OFF, "AWS::Bedrock::Guardrail")


def _in_members(value: Any) -> Any:
    """A resource's properties as the members of the service's own request."""
    if isinstance(value, list):
        return [_in_members(item) for item in value]
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _in_members(item) for name, item in value.items()}
    return value
