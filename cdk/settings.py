"""The settings of one environment, read from CDK context and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from lambdas.common.catalog import CATALOG, offered_models

Auth = Literal["iam", "api_key"]
RemovalPolicy = Literal["retain", "destroy"]
Switch = Literal["on", "off"]
Strength = Literal["LOW", "MEDIUM", "HIGH"]

# Bedrock's limits for guardrails.
DENIED_WORDS_LIMIT = 10_000
DENIED_WORD_LIMIT = 100
DENIED_TOPICS_LIMIT = 30
TOPIC_DEFINITION_LIMIT = 200
TOPIC_EXAMPLES_LIMIT = 5
TOPIC_EXAMPLE_LIMIT = 100

# Days that CloudWatch Logs can keep logs for, and what CDK calls them.
LOG_RETENTIONS = {
    1: "ONE_DAY",
    3: "THREE_DAYS",
    7: "ONE_WEEK",
    14: "TWO_WEEKS",
    30: "ONE_MONTH",
    60: "TWO_MONTHS",
    90: "THREE_MONTHS",
    180: "SIX_MONTHS",
    365: "ONE_YEAR",
    731: "TWO_YEARS",
}


# An origin as a browser sends it: lower case, no path, and no port where it is the scheme's own.
_ORIGIN = re.compile(
    r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:(?!443$)[1-9]\d{0,4})?"
    r"|http://localhost(:(?!80$)[1-9]\d{0,4})?"
)


class SettingsError(ValueError):
    """A setting that is unknown or out of range; the message names it."""


@dataclass(frozen=True)
class DeniedTopic:
    """A topic that the guardrail denies; limits are Bedrock's."""

    name: str
    definition: str
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-zA-Z-_ !?.]{1,100}", self.name):
            raise SettingsError(
                f"denied_topics: a name is 1 to 100 letters, digits and -_ !?.; got {self.name!r}"
            )
        if not 1 <= len(self.definition) <= TOPIC_DEFINITION_LIMIT:
            raise SettingsError(
                f"denied_topics: the definition of {self.name} may have 1 to "
                f"{TOPIC_DEFINITION_LIMIT} characters; got {len(self.definition)}"
            )
        if len(self.examples) > TOPIC_EXAMPLES_LIMIT or not all(
            1 <= len(example) <= TOPIC_EXAMPLE_LIMIT for example in self.examples
        ):
            raise SettingsError(
                f"denied_topics: {self.name} may have {TOPIC_EXAMPLES_LIMIT} examples of 1 to "
                f"{TOPIC_EXAMPLE_LIMIT} characters"
            )

    @classmethod
    def from_context(cls, topic: Any) -> "DeniedTopic":
        if (
            not isinstance(topic, dict)
            or not {"name", "definition"} <= topic.keys() <= {"name", "definition", "examples"}
            or not all(isinstance(topic[name], str) for name in ("name", "definition"))
            or not isinstance(topic.get("examples", []), list)
        ):
            raise SettingsError(
                'denied_topics: a topic is {"name", "definition", "examples": [...]}; '
                f"got {topic!r}"
            )
        return cls(topic["name"], topic["definition"], tuple(topic.get("examples", [])))


@dataclass(frozen=True)
class Settings:
    """One environment's settings. Times in seconds unless the name says otherwise.

    `gateway_timeout_seconds` is what API Gateway waits: 29 unless the account's quota was raised.
    `model_timeout_seconds` is how long a model call that is being paid for may take: longer than
    the gateway waits, so that its picture is kept although the caller has gone.
    `url_expires_seconds` is at most an hour, because a URL dies with the credentials that signed
    it. `image_retention_days` 0 keeps pictures. With `recipe_in_picture` off, files carry their
    recipe only where a request asks for it. `log_execution_data` lets prompts into the logs of
    workflow and functions. Alarms go to `alarm_email`, if there is one; one is for list prices
    above `alarm_cost_usd_per_hour`.

    `guardrail_id`, an id or ARN in the stack's own region, with `guardrail_version` brings a
    guardrail along; else the stack makes one of `guardrail_strength` and what is denied.

    `throttle_per_second` and `throttle_burst` are for each method, and with auth api_key for each
    key. `generate_concurrency` is how many calls of a model may be under way at once; 0 reserves
    nothing, for accounts that Lambda lets reserve nothing: it keeps 100 for all other functions.
    `allowed_origins` are the web pages whose scripts may call; none of them by default.
    """

    bedrock_region: str = "us-west-2"
    default_model: str = "stability.stable-image-core-v1:1"
    allow_retired_models: bool = False
    auth: Auth = "iam"
    throttle_per_second: int = 1
    throttle_burst: int = 10
    daily_quota: int = 1_000
    generate_concurrency: int = 10
    allowed_origins: tuple[str, ...] = ()
    waf: bool = False
    gateway_timeout_seconds: int = 29
    model_timeout_seconds: int = 120
    url_expires_seconds: int = 3_600
    image_retention_days: int = 0
    recipe_in_picture: bool = True
    log_retention_days: int = 30
    log_execution_data: bool = True
    removal_policy: RemovalPolicy = "retain"
    guardrail: Switch = "on"
    guardrail_strength: Strength = "MEDIUM"
    guardrail_id: str = ""
    guardrail_version: str = ""
    denied_words: tuple[str, ...] = ()
    denied_topics: tuple[DeniedTopic, ...] = ()
    alarm_email: str = ""
    alarm_cost_usd_per_hour: int = 10

    def __post_init__(self) -> None:
        for name, allowed in (
            ("auth", get_args(Auth)),
            ("removal_policy", get_args(RemovalPolicy)),
            ("guardrail", get_args(Switch)),
            ("guardrail_strength", get_args(Strength)),
            ("log_retention_days", tuple(LOG_RETENTIONS)),
            ("default_model", tuple(CATALOG)),
        ):
            if getattr(self, name) not in allowed:
                raise SettingsError(
                    f"{name} must be one of {', '.join(map(str, allowed))}; "
                    f"got {getattr(self, name)!r}"
                )
        for name, low, high in (
            ("throttle_per_second", 1, 10_000),
            ("throttle_burst", 1, 5_000),
            ("daily_quota", 1, 10_000_000),
            ("generate_concurrency", 0, 1_000),
            ("gateway_timeout_seconds", 29, 300),
            ("model_timeout_seconds", 30, 600),
            ("url_expires_seconds", 60, 3_600),
            ("image_retention_days", 0, 36_500),
            ("alarm_cost_usd_per_hour", 1, 1_000_000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(f"{name} must be from {low} to {high}; got {value}")
        if self.alarm_email and "@" not in self.alarm_email:
            raise SettingsError(f"alarm_email must be an address; got {self.alarm_email!r}")
        for origin in self.allowed_origins:
            # No "*": whoever holds a key or credentials must know each page that may use them.
            if not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    "allowed_origins must be https://host or http://localhost:port, as a browser "
                    f"sends them: lower case, no path, no default port, no star; got {origin!r}"
                )
        model = CATALOG[self.default_model]
        if model.retired and not self.allow_retired_models:
            raise SettingsError(
                f"default_model {model.id} reached the end of its life ({model.retired.date}); "
                f"use {model.retired.successor}"
            )
        if not model.retired and self.bedrock_region not in model.regions:
            raise SettingsError(
                f"bedrock_region {self.bedrock_region} does not offer default_model {model.id}, "
                f"only {', '.join(model.regions)} does"
            )
        self._check_guardrail()

    def _check_guardrail(self) -> None:
        for name, pattern in (
            (
                "guardrail_id",
                r"|[a-z0-9]{1,64}|arn:aws[a-z-]*:bedrock:.+:\d{12}:guardrail/[a-z0-9]+",
            ),
            ("guardrail_version", r"|[1-9]\d{0,7}|DRAFT"),
        ):
            if not re.fullmatch(pattern, getattr(self, name)):
                raise SettingsError(f"{name} {getattr(self, name)!r} is not one of Bedrock's")
        if bool(self.guardrail_id) != bool(self.guardrail_version):
            raise SettingsError("guardrail_id and guardrail_version belong together")
        own = self.denied_words or self.denied_topics
        if own and (self.guardrail == "off" or self.guardrail_id):
            raise SettingsError(
                "denied_words and denied_topics are for the stack's own guardrail: leave them "
                "out with guardrail off or guardrail_id"
            )
        if self.guardrail == "off" and self.guardrail_id:
            raise SettingsError("guardrail_id with guardrail off: leave one of them out")
        if len(self.denied_words) > DENIED_WORDS_LIMIT:
            raise SettingsError(f"denied_words may be {DENIED_WORDS_LIMIT} at most")
        for word in self.denied_words:
            if not isinstance(word, str) or not 1 <= len(word) <= DENIED_WORD_LIMIT:
                raise SettingsError(
                    f"denied_words are texts of 1 to {DENIED_WORD_LIMIT} characters; got {word!r}"
                )
        if len(self.denied_topics) > DENIED_TOPICS_LIMIT:
            raise SettingsError(f"denied_topics may be {DENIED_TOPICS_LIMIT} at most")

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> "Settings":
        """Settings from one environment's object in cdk.json; what it leaves out has defaults."""
        known = {field.name: type(field.default) for field in fields(cls)}
        settings: dict[str, Any] = {}
        for name, value in context.items():
            if name not in known:
                raise SettingsError(f"unknown setting {name!r}; known: {', '.join(known)}")
            kind = list if known[name] is tuple else known[name]
            if type(value) is not kind:
                raise SettingsError(f"{name} must be of type {kind.__name__}; got {value!r}")
            settings[name] = tuple(value) if isinstance(value, list) else value
        if "denied_topics" in settings:
            settings["denied_topics"] = tuple(
                DeniedTopic.from_context(topic) for topic in settings["denied_topics"]
            )
        return cls(**settings)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that this environment may call."""
        return offered_models(self.bedrock_region, allow_retired=self.allow_retired_models)
