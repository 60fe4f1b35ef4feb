"""What the AWS endpoint asks of moto."""

from collections.abc import Iterable
from threading import Thread
from typing import Any, cast

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from local.aws.endpoint import AwsEndpoint
from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET

HOST = "127.0.0.1:8081"


def listing() -> Request:
    signed = AWSRequest("GET", f"http://{HOST}/pictures")
    S3SigV4Auth(Credentials(OPERATOR_KEY, OPERATOR_SECRET), "s3", "us-east-1").add_auth(signed)
    headers = list(signed.headers.items())
    environ = EnvironBuilder(path="/pictures", headers=headers).get_environ()
    return Request({**environ, "RAW_URI": "/pictures", "HTTP_HOST": HOST})


def test_moto_gets_one_call_of_s3_at_a_time() -> None:
    others: list[Thread] = []
    waiting: list[bool] = []

    def moto(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not others:
            others.append(Thread(target=endpoint.answer, args=[listing()]))
            others[0].start()
            others[0].join(0.1)
            waiting.append(others[0].is_alive())
        return Response()(environ, start_response)

    absent = cast("Any", None)
    endpoint = AwsEndpoint(
        moto=moto, moto_s3=moto, bedrock=absent, guardrails=absent, faults=absent
    )

    endpoint.answer(listing())
    others[0].join()

    assert waiting == [True]
