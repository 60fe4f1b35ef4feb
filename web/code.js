// A recipe's request, as other programs send it.

const WORDS = { true: "True", false: "False", null: "None" };

/** The fields that the command has options for. */
const OPTIONS = {
  seed: "--seed",
  model: "--model",
  style_preset: "--style",
  aspect_ratio: "--aspect",
  width: "--width",
  height: "--height",
  negative_prompt: "--negative",
  steps: "--steps",
  cfg_scale: "--cfg-scale",
  quality: "--quality",
  output_format: "--format",
};

/** Returns a recipe as fields of a request. */
export function requestOf({ prompt, negative_prompt, model, seed, parameters }) {
  const request = { prompt, negative_prompt, model, seed, ...parameters };
  if (!negative_prompt || parameters.text_prompts) delete request.negative_prompt;
  // Texts with weights stand instead of the prompts.
  if (parameters.text_prompts) delete request.prompt;
  return request;
}

export function curl(request, { endpoint, local, signed, region }) {
  const proof = signed
    ? `--aws-sigv4 "aws:amz:${region ?? "$AWS_REGION"}:execute-api" \\
  --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-security-token: $AWS_SESSION_TOKEN"`
    : `-H "x-api-key: ${local ? "local" : "$EASEL_API_KEY"}"`;
  return `curl -s ${quoted(`${endpoint}/images`)} ${proof} \\
  -H 'content-type: application/json' -d ${quoted(JSON.stringify(request))}`;
}

export function python(request, { endpoint, local, signed }) {
  const url = JSON.stringify(`${endpoint}/images`);
  const body = pythonOf(request);
  if (!signed) {
    const key = local ? '"local"' : 'os.environ["EASEL_API_KEY"]';
    return `import json
import os
from urllib.request import Request, urlopen

request = ${body}
headers = {"content-type": "application/json", "x-api-key": ${key}}
answer = json.load(urlopen(Request(${url}, json.dumps(request).encode(), headers)))
print(answer["image_url"])
`;
  }
  return `import json

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

request = ${body}
session = boto3.Session()
signed = AWSRequest("POST", ${url}, {"content-type": "application/json"}, json.dumps(request))
SigV4Auth(session.get_credentials(), "execute-api", session.region_name).add_auth(signed)
answer = urllib3.request("POST", ${url}, body=signed.data, headers=dict(signed.headers))
print(answer.json()["image_url"])
`;
}

/** Returns the command, which takes what it has no option for as a recipe. */
export function easel(request, recipe, { options }) {
  const { prompt, ...fields } = request;
  const where = options.map(quoted);
  if (Object.keys(fields).some((name) => !(name in OPTIONS))) {
    return ["easel draw --recipe", `<(echo ${quoted(JSON.stringify(recipe))})`, ...where].join(" ");
  }
  const given = Object.entries(fields).flatMap(([name, value]) => [OPTIONS[name], quoted(value)]);
  return ["easel draw", ...given, ...where, "--", quoted(prompt)].join(" ");
}

/** Quotes a word for a shell. */
const quoted = (word) =>
  /^[\w.:/-]+$/.test(word) ? String(word) : `'${String(word).replaceAll("'", "'\\''")}'`;

/** Writes JSON as Python. Its strings and numbers are Python's. */
function pythonOf(value) {
  if (typeof value !== "object" || value === null) return WORDS[value] ?? JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
  const pairs = Object.entries(value).map(
    ([name, each]) => `${JSON.stringify(name)}: ${pythonOf(each)}`,
  );
  return `{${pairs.join(", ")}}`;
}
