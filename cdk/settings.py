"""The settings of one environment, read from CDK context and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lambdas.common.catalog import CATALOG, Model, offered_models

Auth = Literal["iam", "api_key"]
RemovalPolicy = Literal["retain", "destroy"]
Switch = Literal["on", "off"]
Visibility = Literal["team", "caller"]
Strength = Literal["LOW", "MEDIUM", "HIGH"]
Tier = Literal["CLASSIC", "STANDARD"]
# The numbers of days for which CloudWatch Logs can keep logs.
LogRetentionDays = Literal[1, 3, 7, 14, 30, 60, 90, 180, 365, 731]

# Bedrock's limits for guardrails.
DENIED_WORDS_LIMIT = 10_000
DENIED_WORD_LIMIT = 100
DENIED_TOPICS_LIMIT = 30
TOPIC_DEFINITION_LIMIT = 200
TOPIC_EXAMPLES_LIMIT = 5
TOPIC_EXAMPLE_LIMIT = 100

# An origin as a browser sends it: lower case, no path, no port if it is the scheme's default.
_ORIGIN = re.compile(
    r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:(?!443$)[1-9]\d{0,4})?"
    r"|http://localhost(:(?!80$)[1-9]\d{0,4})?"
)

_GUARDRAIL_ID = r"|[a-z0-9]{1,64}|arn:aws[a-z-]*:bedrock:.+:\d{12}:guardrail/[a-z0-9]+"
_VERSION = r"|[1-9]\d{0,7}|DRAFT"

# Settings that name what is in the account already, each with the form of such a name. All are in
# the stack's own region. CloudWatch Logs takes a key's ARN and no alias.
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_KMS_KEY_ID = r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_EXISTING = {
    "domain_name": (rf"({_LABEL}\.)+{_LABEL}", "images.example.com"),
    "certificate_arn": (
        r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[\w-]+",
        "arn:aws:acm:REGION:ACCOUNT:certificate/ID",
    ),
    "vpc_endpoint_id": (r"vpce-[0-9a-f]{8,17}", "vpce-0123456789abcdef0"),
    "kms_key_arn": (
        rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{{12}}:key/{_KMS_KEY_ID}",
        "arn:aws:kms:REGION:ACCOUNT:key/ID",
    ),
}

# What AWS takes as a tag of any service's resource.
TAGS_LIMIT = 50
_TAG_TEXT = r"[\w .:/=+@-]"

Tags = tuple[tuple[str, str], ...]


class SettingsError(ValueError):
    """A setting that is unknown or out of range. The message names it."""


def _require(condition: object, message: str) -> None:
    if not condition:
        raise SettingsError(message)


def _require_one_of(name: str, value: object, allowed: tuple[Any, ...]) -> None:
    choices = ", ".join(map(str, allowed))
    _require(value in allowed, f"{name} must be one of {choices}; got {value!r}")


@dataclass(frozen=True)
class DeniedTopic:
    """A topic that the guardrail denies. The limits are Bedrock's."""

    name: str
    definition: str
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(r"[0-9a-zA-Z-_ !?.]{1,100}", self.name),
            f"denied_topics: a name is 1 to 100 letters, digits and -_ !?.; got {self.name!r}",
        )
        _require(
            1 <= len(self.definition) <= TOPIC_DEFINITION_LIMIT,
            f"denied_topics: the definition of {self.name} may have 1 to "
            f"{TOPIC_DEFINITION_LIMIT} characters; got {len(self.definition)}",
        )
        _require(
            len(self.examples) <= TOPIC_EXAMPLES_LIMIT
            and all(1 <= len(example) <= TOPIC_EXAMPLE_LIMIT for example in self.examples),
            f"denied_topics: {self.name} may have {TOPIC_EXAMPLES_LIMIT} examples of 1 to "
            f"{TOPIC_EXAMPLE_LIMIT} characters",
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


def _number(default: int, low: int, high: int) -> int:
    """Declares a setting that is a number from `low` to `high`."""
    number: int = field(default=default, metadata={"range": (low, high)})
    return number


@dataclass(frozen=True)
class Settings:
    """One environment's settings. docs/operations.md lists them with the comments below."""

    # The region whose models are called. The stack itself can be in another one.
    bedrock_region: str = "us-west-2"
    # The model for requests that name none.
    default_model: str = "stability.stable-image-core-v1:1"
    # The models that callers may ask for: default_model, and what else they may spend on. Without
    # it, all active ones of bedrock_region.
    allowed_models: tuple[str, ...] = ()
    # Offers models that AWS has retired. Only the local stack can still draw with them.
    allow_retired_models: bool = False
    # How callers say who they are: by a SigV4 signature or by a key.
    auth: Auth = "iam"
    # Whose pictures a caller can list, see and draw again: everybody's, or its own.
    visibility: Visibility = "team"
    # Whether GET /images is there, which lists the pictures that a caller may see.
    list: Switch = "on"
    # Offers DELETE /images/{id}, with which a caller deletes, for good, any picture that it sees.
    allow_deletion: bool = False
    # Requests a second, for each method and, with auth api_key, for each key.
    throttle_per_second: int = _number(1, 1, 10_000)
    # Requests at the same moment, counted in the same way.
    throttle_burst: int = _number(10, 1, 5_000)
    # Requests a day for each key. It has no effect with auth iam.
    daily_quota: int = _number(1_000, 1, 10_000_000)
    # The most model calls at the same time. 0 reserves nothing, for accounts that cannot: Lambda
    # keeps 100 unreserved for all other functions.
    generate_concurrency: int = _number(10, 0, 1_000)
    # Origins of web pages whose scripts may call the API: https://host or http://localhost:port.
    allowed_origins: tuple[str, ...] = ()
    # Puts AWS WAF in front of the API.
    waf: bool = False
    # The API's own name. It needs a certificate_arn, and a DNS record to the output DomainTarget.
    domain_name: str = ""
    # The ACM certificate for domain_name, in the stack's region.
    certificate_arn: str = ""
    # The VPC endpoint for execute-api through which alone callers reach the API. If empty, the API
    # is public.
    vpc_endpoint_id: str = ""
    # The ARN of a KMS key of your own, in the stack's region, for pictures, logs and alarms. If
    # empty, AWS's own keys encrypt them.
    kms_key_arn: str = ""
    # Tags on everything that takes some, as a JSON object: {"team": "art"}.
    tags: Tags = ()
    # How long API Gateway waits: 29 unless the account's quota was raised.
    gateway_timeout_seconds: int = _number(29, 29, 300)
    # How long a model call may take: longer than the gateway waits, so that a picture that was
    # paid for is kept although the caller has given up.
    model_timeout_seconds: int = _number(120, 30, 600)
    # At most an hour, because a URL expires with the credentials that signed it.
    url_expires_seconds: int = _number(3_600, 60, 3_600)
    # How long pictures are kept. 0 keeps them forever.
    image_retention_days: int = _number(0, 0, 36_500)
    # If false, files hold their recipe only if a request asks for it.
    recipe_in_picture: bool = True
    # How long all logs are kept.
    log_retention_days: LogRetentionDays = 30
    # If true, the logs of workflow and functions hold prompts, and the messages of errors.
    log_execution_data: bool = False
    # What becomes of pictures and logs when the stack is destroyed.
    removal_policy: RemovalPolicy = "retain"
    # Whether a guardrail checks prompts and pictures.
    guardrail: Switch = "on"
    # How strict the content filters of the stack's own guardrail are.
    guardrail_strength: Strength = "MEDIUM"
    # How the stack's own guardrail reads prompts. CLASSIC knows English, French and Spanish only.
    # STANDARD knows many more languages, and may check in other regions of the same geography.
    guardrail_tier: Tier = "CLASSIC"
    # The id or ARN of an existing guardrail, in the stack's own region. If empty, the stack makes
    # one.
    guardrail_id: str = ""
    # The existing guardrail's version.
    guardrail_version: str = ""
    # How long the guardrail may look at a picture. Each second more is one less for drawing.
    picture_check_seconds: int = _number(6, 1, 15)
    # Words that the stack's own guardrail blocks.
    denied_words: tuple[str, ...] = ()
    # Topics that the stack's own guardrail blocks: each with name, definition and, if you like,
    # examples.
    denied_topics: tuple[DeniedTopic, ...] = ()
    # Where alarms are mailed to. AWS first asks that address to confirm.
    alarm_email: str = ""
    # The model calls of an hour, at list prices, that raise the cost alarm.
    alarm_cost_usd_per_hour: int = _number(10, 1, 1_000_000)

    def __post_init__(self) -> None:
        hints = get_type_hints(Settings)
        for each in fields(self):
            name, value = each.name, getattr(self, each.name)
            low, high = each.metadata.get("range", (value, value))
            _require(low <= value <= high, f"{name} must be from {low} to {high}; got {value}")
            if get_origin(hints[name]) is Literal:
                _require_one_of(name, value, get_args(hints[name]))
        _require_one_of("default_model", self.default_model, tuple(CATALOG))
        _require(
            not self.alarm_email or "@" in self.alarm_email,
            f"alarm_email must be an address; got {self.alarm_email!r}",
        )
        for origin in self.allowed_origins:
            # No "*": whoever holds a key or credentials must name each page that may use them.
            _require(
                isinstance(origin, str) and _ORIGIN.fullmatch(origin),
                "allowed_origins must be https://host or http://localhost:port, as a browser "
                f"sends them: lower case, no path, no default port, no star; got {origin!r}",
            )
        self._check_model(CATALOG[self.default_model])
        self._check_allowed_models()
        self._check_guardrail()
        self._check_existing()
        self._check_tags()

    def _check_existing(self) -> None:
        for name, (form, example) in _EXISTING.items():
            value = getattr(self, name)
            _require(
                not value or re.fullmatch(form, value),
                f"{name} must be like {example}; got {value!r}",
            )
        _require(
            bool(self.domain_name) == bool(self.certificate_arn),
            "domain_name and certificate_arn belong together",
        )
        _require(
            not (self.domain_name and self.vpc_endpoint_id),
            "domain_name is for a public API: leave it out with vpc_endpoint_id",
        )

    def _check_tags(self) -> None:
        _require(
            len(self.tags) <= TAGS_LIMIT, f"tags may be {TAGS_LIMIT} at most; got {len(self.tags)}"
        )
        for key, value in self.tags:
            _require(
                re.fullmatch(rf"(?!aws:){_TAG_TEXT}{{1,128}}", key, re.IGNORECASE)
                and isinstance(value, str)
                and re.fullmatch(rf"{_TAG_TEXT}{{0,256}}", value),
                "tags are texts of letters, digits, spaces and _.:/=+-@: a key of 1 to 128, not "
                f"beginning with aws:, and a value of up to 256; got {key!r}: {value!r}",
            )

    def _check_model(self, model: Model) -> None:
        if model.retired is None:
            _require(
                self.bedrock_region in model.regions,
                f"bedrock_region {self.bedrock_region} does not offer default_model {model.id}, "
                f"only {', '.join(model.regions)} does",
            )
        elif not self.allow_retired_models:
            raise SettingsError(f"default_model {model.id} {model.retired}")

    def _check_allowed_models(self) -> None:
        offered = offered_models(self.bedrock_region, allow_retired=self.allow_retired_models)
        for model in self.allowed_models:
            _require(
                model in offered,
                f"allowed_models must be of those that {self.bedrock_region} offers, "
                f"{', '.join(offered)}; got {model!r}",
            )
        _require(
            not self.allowed_models or self.default_model in self.allowed_models,
            f"default_model must be one of allowed_models, {', '.join(self.allowed_models)}; "
            f"got {self.default_model!r}",
        )

    def _check_guardrail(self) -> None:
        for name, pattern in (("guardrail_id", _GUARDRAIL_ID), ("guardrail_version", _VERSION)):
            value = getattr(self, name)
            _require(re.fullmatch(pattern, value), f"{name} {value!r} is not one of Bedrock's")
        _require(
            bool(self.guardrail_id) == bool(self.guardrail_version),
            "guardrail_id and guardrail_version belong together",
        )
        own = self.denied_words or self.denied_topics or self.guardrail_tier != "CLASSIC"
        _require(
            not own or (self.guardrail == "on" and not self.guardrail_id),
            "denied_words, denied_topics and guardrail_tier are for the stack's own guardrail: "
            "leave them out with guardrail off or guardrail_id",
        )
        _require(
            self.guardrail == "on" or not self.guardrail_id,
            "guardrail_id with guardrail off: leave one of them out",
        )
        for name, limit in (
            ("denied_words", DENIED_WORDS_LIMIT),
            ("denied_topics", DENIED_TOPICS_LIMIT),
        ):
            _require(len(getattr(self, name)) <= limit, f"{name} may be {limit} at most")
        for word in self.denied_words:
            _require(
                isinstance(word, str) and 1 <= len(word) <= DENIED_WORD_LIMIT,
                f"denied_words are texts of 1 to {DENIED_WORD_LIMIT} characters; got {word!r}",
            )

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> "Settings":
        """Reads one environment's object in cdk.json. Missing settings get their defaults."""
        known = {field.name: type(field.default) for field in fields(cls)}
        settings: dict[str, Any] = {}
        for name, value in context.items():
            _require(name in known, f"unknown setting {name!r}; known: {', '.join(known)}")
            kind = dict if name == "tags" else list if known[name] is tuple else known[name]
            _require(type(value) is kind, f"{name} must be of type {kind.__name__}; got {value!r}")
            settings[name] = tuple(value) if isinstance(value, list) else value
        if "tags" in settings:
            settings["tags"] = tuple(settings["tags"].items())
        if "denied_topics" in settings:
            settings["denied_topics"] = tuple(
                DeniedTopic.from_context(topic) for topic in settings["denied_topics"]
            )
        return cls(**settings)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that this environment may call."""
        return offered_models(
            self.bedrock_region,
            allow_retired=self.allow_retired_models,
            allowed=self.allowed_models,
        )
