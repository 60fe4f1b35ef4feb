"""What functions are told in tests that run them without a stack."""

from lambdas.common.environment import Environment, ValidateEnvironment

VALIDATE = ValidateEnvironment(
    bucket="",
    stack_name="easel-test",
    log_execution_data=False,
    default_model="stability.stable-image-core-v1:1",
    allowed_models=(),
    allow_retired_models=True,
    bedrock_region="us-west-2",
    recipe_in_picture=True,
    visibility="team",
)
SILENT = Environment(bucket="", stack_name="easel-test", log_execution_data=False)
TALKATIVE = Environment(bucket="", stack_name="easel-test", log_execution_data=True)
