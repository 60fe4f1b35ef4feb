// What the API's own document says of its requests and models.

/**
 * Returns `{models, fields, lists}`: the rows of x-models, the schema of each field of POST /images,
 * and whether the deployment lists its pictures.
 */
export function read(document) {
  if (!document["x-models"]) {
    throw new Error("This API does not say what its models take: deploy a newer Easel.");
  }
  const operation = document.paths["/images"].post;
  const schema = resolved(document, operation.requestBody.content["application/json"].schema);
  const fields = Object.fromEntries(
    Object.entries(schema.properties).map(([name, each]) => [name, resolved(document, each)]),
  );
  const lists = Boolean(document.paths["/images"].get);
  return { models: document["x-models"], fields, lists };
}

/** Follows references within the document. */
function resolved(document, schema) {
  let found = schema;
  while (found.$ref) {
    found = found.$ref
      .slice(2)
      .split("/")
      .reduce((at, name) => at[name.replaceAll("~1", "/").replaceAll("~0", "~")], document);
  }
  return found;
}

export const defaultModel = (catalog) =>
  catalog.models.find((model) => model.default) ?? catalog.models[0];

export const modelOf = (catalog, id) => catalog.models.find((model) => model.id === id);
