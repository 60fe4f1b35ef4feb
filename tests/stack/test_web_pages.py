"""What a web page from elsewhere can do to the local stack: nothing. And what its own page can."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET
from local.stack import REGION
from tests.local_client import LocalClient

STRANGER = "https://stranger.example"
OPERATOR = Credentials(OPERATOR_KEY, OPERATOR_SECRET)  # anybody knows them

PORTS = pytest.mark.parametrize("where", ["api_url", "endpoint_url"])


def asked(
    url: str, headers: Mapping[str, str], *, method: str = "GET", body: bytes | None = None
) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, url, headers=headers, body=body, retries=False)


def signed(easel: LocalClient, path: str, service: str, **headers: str) -> AWSRequest:
    request = AWSRequest("GET", easel.endpoint_url + path, headers)
    SigV4Auth(OPERATOR, service, REGION).add_auth(request)
    return request


def query_signed(url: str, service: str) -> str:
    request = AWSRequest("GET", url)
    S3SigV4QueryAuth(OPERATOR, service, REGION).add_auth(request)
    return str(request.url)


def picture(easel: LocalClient) -> str:
    return str(easel.post({"prompt": "seen by a page", "seed": 1}).body["image_url"])


@PORTS
@pytest.mark.parametrize("origin", [STRANGER, "null", "http://localhost:1", "http://[::1"])
def test_a_simple_post_of_another_page_does_nothing(
    easel: LocalClient, where: str, origin: str
) -> None:
    before = easel.model_calls()
    headers = {"content-type": "text/plain", "Origin": origin}

    answer = asked(
        f"{getattr(easel, where)}/images", headers, method="POST", body=b'{"prompt":"x"}'
    )

    assert answer.status == 403
    assert "allowed_origins" in answer.json()["message"]
    assert easel.model_calls() == before


@PORTS
@pytest.mark.parametrize("path", ["/images", "/easel/faults", "/"])
def test_a_preflight_of_another_page_is_refused(easel: LocalClient, where: str, path: str) -> None:
    headers = {"Origin": STRANGER, "Access-Control-Request-Method": "PUT"}

    answer = asked(getattr(easel, where) + path, headers, method="OPTIONS")

    assert answer.status == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@PORTS
@pytest.mark.parametrize(
    "host",
    ["stranger.example", "127.0.0.1.stranger.example", "localhost.stranger.example", "a@localhost"],
)
def test_a_name_that_was_made_to_point_here_is_refused(
    easel: LocalClient, where: str, host: str
) -> None:
    url = getattr(easel, where)

    answer = asked(url, {"Host": f"{host}:{urlsplit(url).port}"})

    assert answer.status == 403
    assert "localhost" in answer.json()["message"]


def test_a_picture_is_not_for_the_script_of_another_page(easel: LocalClient) -> None:
    url = picture(easel)

    as_script = asked(url, {"Origin": STRANGER})
    own = asked(url, {"Origin": easel.endpoint_url})

    assert as_script.status == 403
    assert own.status == 200
    assert "Access-Control-Allow-Origin" not in own.headers


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none"])
def test_a_picture_is_shown_by_every_page(easel: LocalClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}

    assert asked(picture(easel), headers).status == 200


@pytest.mark.parametrize("service", ["iam", "sts", "cloudformation", "states", "lambda"])
def test_a_url_that_a_page_signs_opens_no_service_but_s3(easel: LocalClient, service: str) -> None:
    url = f"{easel.endpoint_url}/?Action=ListRoles&Version=2010-05-08"

    answer = asked(query_signed(url, service), {"Sec-Fetch-Site": "cross-site"})

    assert answer.status == 403


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "easel.localhost"]
)
def test_the_stacks_own_page_may_call(easel: LocalClient, name: str) -> None:
    host = f"{name}:{urlsplit(easel.api_url).port}"
    headers = {"Host": host, "Origin": f"http://{host}", "x-api-key": "local"}

    answer = asked(f"{easel.api_url}/images", headers)

    assert answer.status == 200


def test_a_link_to_the_playground_is_followed(easel: LocalClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    answer = asked(easel.api_url, headers)

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(("origin", "status"), [(None, 200), (STRANGER, 403)])
def test_the_playground_adds_the_key_for_its_own_page_alone(
    easel: LocalClient, origin: str | None, status: int
) -> None:
    body = b'{"prompt": "by the playground", "seed": 1}'

    answer = asked(
        f"{easel.api_url}/web/api/images",
        {"Origin": origin or easel.api_url},
        method="POST",
        body=body,
    )

    assert answer.status == status


def test_a_request_is_followed_from_its_key_to_its_trace(easel: LocalClient) -> None:
    """What the playground asks while a picture is drawn, and afterwards."""
    url, sent = f"{easel.api_url}/web", {"prompt": "followed", "seed": 1}
    easel.fail("slow", seconds=2)
    with ThreadPoolExecutor() as background:
        headers = {"Idempotency-Key": "followed-from-here"}
        drawing = background.submit(easel.post, sent, headers=headers)
        arn = None
        while arn is None and not drawing.done():
            found = asked(f"{url}/running?key=followed-from-here", {})
            arn = found.json()["execution_arn"]
        while_it_runs = asked(f"{url}/trace?execution={arn}", {}).json()
        answer = drawing.result().body
    afterwards = asked(f"{url}/trace?execution={arn}", {}).json()

    assert arn == answer["execution_arn"]
    assert (while_it_runs["status"], afterwards["status"]) == ("RUNNING", "SUCCEEDED")
    assert afterwards["definition"]["StartAt"] == "Operation"
    (generate,) = [state for state in afterwards["states"] if state["name"] == "Generate"]
    assert json.loads(generate["input"])["recipe"]["prompt"] == "followed"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("path", ["/easel/faults", "/easel/bedrock"])
def test_the_controls_need_a_header_that_no_page_can_send_unasked(
    easel: LocalClient, path: str, method: str
) -> None:
    plan = json.dumps({"faults": [{"at": "validate", "kind": "killed"}]}).encode()
    headers = {"content-type": "text/plain"}

    answer = asked(easel.endpoint_url + path, headers, method=method, body=plan)

    assert answer.status == 403
    assert "x-api-key: local" in answer.json()["message"]
    assert easel.control("faults")["faults"] == []


@pytest.mark.parametrize("path", ["/moto-api/data.json", "/moto-api/", "/latest/meta-data/iam/"])
def test_motos_own_pages_are_not_served(easel: LocalClient, path: str) -> None:
    request = signed(easel, path, "s3")

    assert asked(easel.endpoint_url + path, dict(request.headers.items())).status == 404
    assert asked(query_signed(easel.endpoint_url + path, "s3"), {}).status == 404


def test_a_bucket_can_be_named_by_the_host(easel: LocalClient) -> None:
    easel.put_object("by/host.txt", b"here")
    host = f"{easel.bucket}.localhost:{urlsplit(easel.endpoint_url).port}"
    path = urlsplit(query_signed(f"http://{host}/by/host.txt", "s3"))

    answer = asked(f"{easel.endpoint_url}{path.path}?{path.query}", {"Host": host})

    assert (answer.status, answer.data) == (200, b"here")
    easel.delete_objects("by/host.txt")
