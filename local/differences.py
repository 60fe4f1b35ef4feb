"""What a template asks of AWS that nothing on this machine does."""

import json
from collections.abc import Iterator

from local.template import Template


def differences(template: Template) -> Iterator[str]:
    """Yields a sentence for each setting that is deployed here without an effect."""
    for domain in template.resources("AWS::ApiGateway::DomainName").values():
        yield f"domain_name: {domain['DomainName']} does not lead here."
    for api in template.resources("AWS::ApiGateway::RestApi").values():
        if "PRIVATE" in api.get("EndpointConfiguration", {}).get("Types", ()):
            yield "vpc_endpoint_id: the API is not private here, but on this machine alone."
    if '"aws:kms"' in json.dumps(template.resources("AWS::S3::Bucket")):
        yield "kms_key_arn: nothing is encrypted here, and no permission on the key is asked for."
    if template.resources("AWS::WAFv2::WebACL"):
        yield "waf: there is no firewall here."
    for machine in template.resources("AWS::StepFunctions::StateMachine").values():
        guardrail = machine.get("DefinitionSubstitutions", {}).get("GuardrailId")
        if isinstance(guardrail, str):  # and no reference to one of the template
            yield (
                f"warning: guardrail_id {guardrail} is not on this machine, so every request to "
                "draw is a 500 guardrail_refused. Leave it out here, or set guardrail to off."
            )
