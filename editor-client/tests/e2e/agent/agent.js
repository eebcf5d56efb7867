// Another extension: its command uses the tools and the model that Glossator offers, and writes down what came back.
const vscode = require("vscode");
const { writeFileSync } = require("node:fs");
const path = require("node:path");

const textOf = (result) => result.content.map((part) => part.value).join("");
/** The value of a promise, or what went wrong. */
const settled = (promise) => Promise.resolve(promise).catch((error) => ({ error: `${error.name}: ${error.message}` }));

async function use() {
  const tools = vscode.lm.tools.filter(({ name }) => name.startsWith("glossator_")).map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  const call = (name, input) => settled(vscode.lm.invokeTool(`glossator_${name}`, { input, toolInvocationToken: undefined }).then(textOf));
  const results = {
    search: await call("search", { query: "How is the tax added?", language: "python" }),
    uses: await call("uses", { symbol: "add_tax", depth: 2 }),
    explain: await call("explain", { symbol: "Cart.total" }),
    line: await call("explain", { path: "shop/money.py", line: 20 }),
    unknown: await call("uses", { symbol: "add_taxes" }),
  };
  const models = await vscode.lm.selectChatModels({ vendor: "glossator" });
  const said = models[0] ? await settled(speak(models[0])) : undefined;
  return { tools, names: vscode.lm.tools.map(({ name }) => name), results, models: models.map(({ id, name, vendor, family, maxInputTokens }) => ({ id, name, vendor, family, maxInputTokens })), said };
}

async function speak(model) {
  const response = await model.sendRequest([vscode.LanguageModelChatMessage.User("How is the tax added?")], { justification: "A test." });
  const pieces = [];
  for await (const piece of response.text) pieces.push(piece);
  return { text: pieces.join(""), pieces: pieces.length, tokens: await model.countTokens("12345678") };
}

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("agent.try", async () => {
      const file = path.join(context.globalStorageUri.fsPath, "..", "agent.json");
      writeFileSync(file, JSON.stringify(await settled(use()), null, 2));
    }),
  );
};
