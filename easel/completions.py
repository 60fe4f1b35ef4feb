"""What a shell completes from the catalog."""

from click import Context, Parameter
from click.shell_completion import CompletionItem


def models(context: Context, parameter: Parameter, typed: str) -> list[CompletionItem]:
    from lambdas.common.catalog import CATALOG

    return [
        CompletionItem(model.id, help="retired" if model.retired else f"${model.list_price_usd:g}")
        for model in CATALOG.values()
        if model.id.startswith(typed)
    ]


def styles(context: Context, parameter: Parameter, typed: str) -> list[CompletionItem]:
    from easel.display import model_row
    from lambdas.common.catalog import CATALOG

    rows = map(model_row, CATALOG.values())
    return _offered(typed, {style for row in rows for style in row["styles"]})


def aspects(context: Context, parameter: Parameter, typed: str) -> list[CompletionItem]:
    from lambdas.common.catalog import CATALOG

    return _offered(typed, {ratio for model in CATALOG.values() for ratio in model.aspect_ratios})


def _offered(typed: str, words: set[str]) -> list[CompletionItem]:
    return [CompletionItem(word) for word in sorted(words) if word.startswith(typed)]
