// Evaluates expressions in JSONata's reference implementation: a list of {expression, variables,
// millis, random} on standard input to a list of {value} or {error} on standard output.
const jsonata = require("jsonata");

async function evaluated({ expression, variables, millis, random }) {
  const parsed = jsonata(expression);
  parsed.registerFunction("parse", JSON.parse, "<s:x>");
  parsed.registerFunction("millis", () => millis);
  parsed.registerFunction("random", () => random);
  try {
    const value = await parsed.evaluate(undefined, variables);
    return value === undefined ? { error: "undefined" } : { value };
  } catch (error) {
    return { error: error.message };
  }
}

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", async () => {
  const cases = JSON.parse(input);
  process.stdout.write(JSON.stringify(await Promise.all(cases.map(evaluated))));
});
