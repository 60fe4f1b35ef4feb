"""DATA: all that callers change in the bucket is kept, and nothing else is touched."""

from pathlib import Path

from tests.local_client import running

PLAIN = "output-images/00000000000000000000000000000000.png"


def test_what_callers_change_is_kept_and_comes_back(tmp_path: Path) -> None:
    data, said = tmp_path / "data", list[str]()
    data.mkdir()
    (tmp_path / "victim.txt").write_text("not of the stack")
    with running(data=data, log=said.append) as easel:
        for key in (PLAIN, "one/deleted", "../victim.txt"):
            easel.put_object(key, key.encode())
        s3, plain = easel.aws("s3"), {"Bucket": easel.bucket, "Key": PLAIN}
        s3.copy_object(Bucket=easel.bucket, Key="index/copy", CopySource=plain)
        s3.put_object_tagging(**plain, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        s3.create_bucket(Bucket="another")
        s3.put_object(Bucket="another", Key="others/picture.png", Body=b"another's")
        easel.delete_objects("one/deleted", "../victim.txt")
        easel.look("/images%1b%5d0;title%07%0aGET%20/forged")
        easel.post({"prompt": "\x1b[2J", "model": "\x1b[2J\x9b"})
    with running(data=data, log=lambda line: None) as easel:
        restored = easel.object_keys()

    assert restored == {PLAIN, "index/copy"}
    assert (data / PLAIN).read_bytes() == PLAIN.encode()
    assert not list(data.rglob("picture.png"))
    assert (tmp_path / "victim.txt").read_text() == "not of the stack"
    assert any("forged" in line for line in said)
    assert all(part.isprintable() for line in said for part in line.split("\n    "))
