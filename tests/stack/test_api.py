"""The API as a caller meets it."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from lambdas.common.catalog import CATALOG, STYLE_PRESETS
from tests.local_client import Answer, LocalClient
from tests.share import share

FIELDS = {
    "id", "image_url", "expires_at", "seed", "model", "width", "height", "output_format", "sha256",
    "reused", "execution_arn", "trace_url",
}  # fmt: skip

SDXL = "stability.stable-diffusion-xl-v1"
NASTY = (
    "q \" b \\ \\' it's @@ x@@,@@admin@@:@@yes $input.json('$') #set($x=1) $x ${y} #if \n\r\t "
    "\u2028 </script> / 🐈‍⬛ שלום مرحبا é"
)


def opened(easel: LocalClient, answer: Answer) -> Image.Image:
    """The picture of an answer, checked against what the answer says of it."""
    downloaded = easel.get(answer.body["image_url"])
    assert downloaded.status == 200
    assert hashlib.sha256(downloaded.content).hexdigest() == answer.body["sha256"]
    image = Image.open(io.BytesIO(downloaded.content))
    image.load()
    assert image.size == (answer.body["width"], answer.body["height"])
    assert str(image.format).lower() == answer.body["output_format"]
    assert downloaded.headers["content-type"] == f"image/{answer.body['output_format']}"
    return image


class TestPictures:
    def test_one_post_gives_one_picture_with_every_field(self, easel: LocalClient) -> None:
        answer = easel.post({"prompt": "a cat running a marathon", "seed": 42})

        assert answer.status == 200
        assert answer.body.keys() == FIELDS
        assert (answer.body["seed"], answer.body["reused"]) == (42, False)
        opened(easel, answer)

    def test_the_same_request_is_the_same_picture_and_costs_nothing(
        self, easel: LocalClient
    ) -> None:
        before = easel.model_calls()

        first, second = (easel.post({"prompt": "twice", "seed": 7}).body for _ in range(2))

        assert (first["id"], first["sha256"]) == (second["id"], second["sha256"])
        assert (first["reused"], second["reused"]) == (False, True)
        assert easel.model_calls() == before + 1

    def test_another_seed_is_another_picture(self, easel: LocalClient) -> None:
        first, second = (easel.post({"prompt": "seeds", "seed": seed}).body for seed in (1, 2))

        assert first["sha256"] != second["sha256"]

    def test_seed_0_draws_one_each_time_and_returns_it(self, easel: LocalClient) -> None:
        first, second = (easel.post({"prompt": "seeds", "seed": 0}).body for _ in range(2))

        assert first["seed"] != second["seed"]
        assert 0 not in (first["seed"], second["seed"])

    @pytest.mark.parametrize("model", CATALOG)
    def test_every_model_draws(self, easel: LocalClient, model: str) -> None:
        answer = easel.post({"prompt": "every model", "model": model, "seed": 1})

        assert (answer.status, answer.body["model"]) == (200, model)
        opened(easel, answer)

    @pytest.mark.parametrize("ratio", ["16:9", "9:21"])
    def test_a_jpeg_of_a_ratio(self, easel: LocalClient, ratio: str) -> None:
        answer = easel.post({"prompt": "wide", "aspect_ratio": ratio, "output_format": "jpeg"})

        width, height = opened(easel, answer).size
        across, down = map(int, ratio.split(":"))
        assert width / height == pytest.approx(across / down, rel=0.1)

    def test_a_hostile_prompt_reaches_the_model_to_the_letter(self, easel: LocalClient) -> None:
        answer = easel.post({"prompt": NASTY, "negative_prompt": NASTY[::-1], "seed": 5})

        assert answer.status == 200
        assert easel.last_request()["prompt"] == NASTY
        assert easel.last_request()["negative_prompt"] == NASTY[::-1]

    def test_requests_at_once_give_a_picture_each(self, easel: LocalClient) -> None:
        count = share(50, least=20)  # more than models are called at once

        def draw(number: int) -> Answer:
            return easel.post({"prompt": "many", "seed": 100 + number, "model": SDXL})

        with ThreadPoolExecutor(count) as callers:
            answers = list(callers.map(draw, range(count)))

        assert [answer.status for answer in answers] == [200] * count
        assert len({answer.body["sha256"] for answer in answers}) == count


ANCESTORS: dict[str, tuple[str, dict[str, Any]]] = {
    "A": ("/", {"message": "generate a cat eating ice cream"}),
    "A with its own parameters": (
        "/",
        {
            "message": "generate a cat eating ice cream",
            "model": "stability.stable-diffusion-xl-v0",
            "cfg_scale": 10,
            "seed": 42,
            "steps": 120,
        },
    ),
    "B": ("/image-generation", {"message": "A cat running a marathon"}),
    "B with its own parameters": (
        "/image-generation",
        {
            "model": SDXL,
            "text_prompts": [{"text": "A cat running a marathon"}],
            "cfg_scale": 10,
            "seed": 0,
            "steps": 100,
        },
    ),
    "C": ("/", {"prompt": "A futuristic city skyline at sunset"}),
    "C with its own parameters": (
        "/",
        {
            "prompt": "A futuristic city skyline at sunset",
            "model": SDXL,
            "cfg_scale": 10,
            "steps": 30,
            "seed": 0,
        },
    ),
    "D": ("/generate-poster", {"prompt": "a space opera, movie poster"}),
    "E": ("/image", {"prompt": "a fox", "seed": 0, "stylePreset": "cinematic"}),
    "E with every parameter": (
        "/image",
        {
            "model": SDXL,
            "text_prompts": [{"text": "a fox", "weight": 1}, {"text": "snow", "weight": 0.5}],
            "height": 832,
            "width": 1216,
            "cfg_scale": 7.5,
            "clip_guidance_preset": "FAST_BLUE",
            "sampler": "K_DPMPP_2M",
            "samples": 1,
            "seed": 3,
            "steps": 30,
            "style_preset": "anime",
            "extras": {"any": "thing"},
        },
    ),
}


class TestAncestors:
    @pytest.mark.parametrize(("path", "body"), ANCESTORS.values(), ids=ANCESTORS)
    def test_a_request_of_an_older_service_works(
        self, easel: LocalClient, path: str, body: dict[str, Any]
    ) -> None:
        answer = easel.post(body, path=path)

        assert answer.status == 200, answer.content
        opened(easel, answer)

    @pytest.mark.parametrize("model", [None, SDXL], ids=["as prompt text", "as a parameter"])
    def test_every_style_preset_gives_a_picture_of_its_own(
        self, easel: LocalClient, model: str | None
    ) -> None:
        bodies = [
            {"prompt": "a fox", "seed": 9, "stylePreset": preset, "model": model}
            for preset in STYLE_PRESETS
        ]

        answers = [easel.post(body, path="/image") for body in bodies]

        assert [answer.status for answer in answers] == [200] * 17
        assert len({answer.body["sha256"] for answer in answers}) == 17


class TestRefusals:
    """The rules have their own tests; here is what only the whole can get wrong."""

    @pytest.mark.parametrize(
        ("body", "param"),
        [
            ({}, "prompt"),
            ({"prompt": ""}, "prompt"),
            ({"prompt": "x" * 10_001}, "prompt"),
            ({"prompt": "x", "seed": -1}, "seed"),
            ({"prompt": "x", "seed": "abc"}, "seed"),
            ({"prompt": "x", "seed": 4_294_967_296}, "seed"),
            ({"prompt": "x", "unknown": 1}, "unknown"),
            ({"prompt": "x", "steps": 30}, "steps"),
            ({"prompt": "x", "width": 1024, "model": SDXL}, "height"),
            ({"prompt": "x", "width": 1000, "height": 1000, "model": SDXL}, "width"),
            ({"prompt": "\ud800"}, "body"),
            (b"not json", "body"),
            (b'["a list"]', "body"),
            (b'"text"', "body"),
            (b'{"prompt": "x", "seed": NaN}', "body"),
            (b'{"prompt": "\xff"}', "body"),
            (b"[" * 50_000, "body"),
            (b"", "prompt"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_bad_input_is_a_400_that_names_the_field(
        self, easel: LocalClient, body: Any, param: str
    ) -> None:
        answer = easel.post(body)

        assert (answer.status, answer.error["param"]) == (400, param)
        assert answer.headers["x-should-retry"] == "false"

    def test_the_stack_tells_its_outputs(self, easel: LocalClient) -> None:
        described = easel.aws("cloudformation").describe_stacks(StackName="easel-local")

        outputs = {
            each["OutputKey"]: each["OutputValue"] for each in described["Stacks"][0]["Outputs"]
        }
        assert outputs["ApiUrl"] == f"{easel.api_url}/images"
        assert outputs["BucketName"] == easel.bucket
        assert outputs["StateMachineArn"] == easel.state_machine_arn

    def test_an_unknown_model_is_a_404(self, easel: LocalClient) -> None:
        answer = easel.post({"prompt": "x", "model": "nope"})

        assert (answer.status, answer.error["code"]) == (404, "model_not_found")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("DELETE", "/images", "POST, GET"),
            ("OPTIONS", "/", "POST"),
            ("GET", f"/images/{0:032}/rerun", "POST"),
            ("PUT", "/openapi.json", "GET"),
        ],
    )
    def test_another_method_is_a_405_that_names_those_that_there_are(
        self, easel: LocalClient, method: str, path: str, allowed: str
    ) -> None:
        answer = easel.post(b"", method=method, path=path)

        assert (answer.status, answer.error["code"]) == (405, "not_found")
        assert answer.error["message"].endswith(f"does not take {method}. It takes {allowed}.")
        assert answer.headers["Allow"] == allowed
        assert answer.headers["x-should-retry"] == "false"

    @pytest.mark.parametrize(
        ("method", "path", "told"),
        [
            ("POST", "/pictures", "/pictures"),
            ("GET", f"/images/{0:032}/larger", f"/images/{0:032}/larger"),
            ("GET", "/a%22b'%5C%C3%A9", "/a\"b'\\é"),
        ],
    )
    def test_another_route_is_a_404_that_names_it(
        self, easel: LocalClient, method: str, path: str, told: str
    ) -> None:
        answer = easel.post(b"", method=method, path=path)

        assert (answer.status, answer.error["code"]) == (404, "not_found")
        assert answer.error["message"].startswith(f"There is no route {told}. ")
        assert answer.body["execution_arn"] is None
        assert answer.headers["x-should-retry"] == "false"

    @pytest.mark.parametrize(("method", "path"), [("DELETE", "/images"), ("POST", "/pictures")])
    def test_without_a_key_they_are_told_to_send_one(
        self, easel: LocalClient, method: str, path: str
    ) -> None:
        answer = easel.post(b"", method=method, path=path, headers={"x-api-key": ""})

        assert (answer.status, answer.error["code"]) == (403, "invalid_api_key")

    def test_a_method_of_no_api_finds_none(self, easel: LocalClient) -> None:
        answer = easel.post(b"", method="TRACE", path="/images")

        assert (answer.status, answer.error["code"]) == (404, "not_found")
        assert "or it does not take this method" in answer.error["message"]

    @pytest.mark.parametrize("key", ["", "wrong"], ids=["missing", "wrong"])
    def test_no_right_key_is_a_403_in_the_envelope(self, easel: LocalClient, key: str) -> None:
        answer = easel.post({"prompt": "x"}, headers={"x-api-key": key})

        assert (answer.status, answer.error["code"]) == (403, "invalid_api_key")

    def test_another_content_type_is_a_415(self, easel: LocalClient) -> None:
        answer = easel.post({"prompt": "x"}, headers={"content-type": "text/plain"})

        assert answer.status == 415

    def test_more_than_an_execution_takes_is_a_413(self, easel: LocalClient) -> None:
        answer = easel.post({"prompt": "x" * 262_144})

        assert (answer.status, answer.error["param"]) == (413, "body")

    def test_a_refused_request_costs_nothing(self, easel: LocalClient) -> None:
        before = easel.model_calls()

        easel.post({"prompt": ""})

        assert easel.model_calls() == before


class TestUrls:
    def test_a_url_opens_only_as_it_was_signed(self, easel: LocalClient) -> None:
        url = easel.post({"prompt": "urls", "seed": 1}).body["image_url"]

        assert easel.get(url).status == 200
        assert easel.get(url.replace("Expires=3600", "Expires=7200")).status == 403
        assert easel.get(url.partition("?")[0]).status == 403

    def test_a_picture_has_a_readable_name(self, easel: LocalClient) -> None:
        answer = easel.post({"prompt": "urls", "seed": 1})

        disposition = easel.get(answer.body["image_url"]).headers["content-disposition"]
        assert disposition == f'inline; filename="easel-{answer.body["id"][:8]}-seed-1.png"'


class TestIdempotency:
    def test_a_key_gives_one_picture_without_a_seed(self, easel: LocalClient) -> None:
        before = easel.model_calls()
        headers = {"Idempotency-Key": "order-1"}

        first, second = (easel.post({"prompt": "once"}, headers=headers).body for _ in range(2))

        assert (first["id"], first["seed"]) == (second["id"], second["seed"])
        assert second["reused"] is True
        assert easel.model_calls() == before + 1

    def test_another_body_under_a_key_is_a_422(self, easel: LocalClient) -> None:
        headers = {"Idempotency-Key": "order-2"}
        easel.post({"prompt": "once"}, headers=headers)

        answer = easel.post({"prompt": "otherwise"}, headers=headers)

        assert (answer.status, answer.error["param"]) == (422, "Idempotency-Key")

    def test_two_at_the_same_moment_make_one_call(self, easel: LocalClient) -> None:
        before = easel.model_calls()

        with ThreadPoolExecutor(2) as callers:
            answers = list(
                callers.map(lambda _: easel.post({"prompt": "together", "seed": 4}), range(2))
            )

        assert [answer.status for answer in answers] == [200, 200]
        assert sorted(answer.body["reused"] for answer in answers) == [False, True]
        assert easel.model_calls() == before + 1


class TestAwsEndpoint:
    def test_executions_and_their_history_are_there(self, easel: LocalClient) -> None:
        arn = easel.post({"prompt": "history", "seed": 1}).body["execution_arn"]

        listed = easel.aws("stepfunctions").list_executions(stateMachineArn=easel.state_machine_arn)

        assert arn in [execution["executionArn"] for execution in listed["executions"]]
        assert easel.history(arn)[0]["type"] == "ExecutionStarted"

    def test_executions_of_no_state_machine_are_refused_with_the_arn_to_use(
        self, easel: LocalClient
    ) -> None:
        with pytest.raises(ClientError, match=easel.state_machine_arn):
            easel.aws("stepfunctions").list_executions()

    def test_a_manifest_tells_how_a_picture_was_made(self, easel: LocalClient) -> None:
        answer = easel.post({"prompt": "manifest", "seed": 1}).body

        stored = easel.aws("s3").get_object(
            Bucket=easel.bucket, Key=f"output-images/{answer['id']}.json"
        )

        assert answer["sha256"].encode() in stored["Body"].read()

    def test_a_role_may_do_nothing_else(self, easel: LocalClient) -> None:
        roles = [each["Arn"] for each in easel.aws("iam").list_roles()["Roles"]]
        (role,) = [each for each in roles if "ValidateRole" in each]
        session = easel.aws("sts").assume_role(RoleArn=role, RoleSessionName="test")
        machine = {"stateMachineArn": easel.state_machine_arn}
        copy = {"Key": "idempotency/a", "CopySource": f"{easel.bucket}/staging/a"}

        for service, operation, asked, action in (
            ("lambda", "invoke", {"FunctionName": "any"}, "lambda:InvokeFunction"),
            ("stepfunctions", "list_executions", machine, "states:ListExecutions"),
            ("stepfunctions", "list_executions", {}, "states:ListExecutions"),
            ("s3", "copy_object", {"Bucket": easel.bucket, **copy}, "s3:GetObject"),
        ):
            client = easel.aws_as(session["Credentials"], service)
            with pytest.raises(ClientError, match=f"not authorized to perform: {action}"):
                getattr(client, operation)(**asked)
