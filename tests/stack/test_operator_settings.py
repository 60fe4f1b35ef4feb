"""A local stack with settings of which it can act on some only: it draws all the same."""

import pytest

from tests.cdk.combinations import COMBINATIONS
from tests.local_client import running
from tests.share import WHOLE

DOMAIN = COMBINATIONS["own_domain"]
SETTINGS = {
    "domain_name": DOMAIN.domain_name,
    "certificate_arn": DOMAIN.certificate_arn,
    "kms_key_arn": COMBINATIONS["own_key"].kms_key_arn,
    "tags": {"team": "art"},
    "waf": True,
}


@pytest.mark.skipif(not WHOLE, reason="starts a stack of its own")
def test_it_draws_and_its_bucket_has_the_tags() -> None:
    with running(settings=SETTINGS) as easel:
        drawn = easel.post({"prompt": "for an operator", "seed": 1})
        tags = easel.aws("s3").get_bucket_tagging(Bucket=easel.bucket)["TagSet"]

        assert drawn.status == 200, drawn.body
        easel.downloaded(drawn.body)

    assert tags == [{"Key": "team", "Value": "art"}]
