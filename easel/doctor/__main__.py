"""`python -m easel.doctor ENVIRONMENT` is `easel doctor`, told where local AWS is by its port."""

import click

from easel import cli


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--aws-port", default=8081, show_default=True, help="Of the local AWS endpoint.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(aws_port: int, arguments: tuple[str, ...]) -> None:
    """As `easel doctor`: ENVIRONMENT, --json, --settings JSON."""
    cli.main(["doctor", *arguments, f"--aws-endpoint=http://127.0.0.1:{aws_port}"])


if __name__ == "__main__":
    main()
