"use strict";
// Draws /openapi.json. Everything from outside enters as text, never as HTML.

const METHODS = ["get", "post", "put", "patch", "delete"];
const byId = (id) => document.getElementById(id);

function make(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// `code` among words.
const prose = (text) => (text || "").split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part));

const pretty = (value) => JSON.stringify(value, null, 2);

function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
  byId("token").value = sessionStorage.getItem("token") || "";
  byId("token").addEventListener("input", () => sessionStorage.setItem("token", byId("token").value));
}

function kindOf(schema, schemas) {
  if (!schema) return "any";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map((each) => kindOf(each, schemas)).join(" | ");
  if (schema.type === "array") return `list of ${kindOf(schema.items, schemas)}`;
  return schema.enum ? schema.enum.join(" | ") : String(schema.type || "any");
}

function parameters(operation, schemas, inputs) {
  if (!operation.parameters?.length) return null;
  const rows = operation.parameters.map((parameter) => {
    const input = make("input", { placeholder: String(parameter.example ?? ""), "aria-label": parameter.name });
    inputs.push([parameter, input]);
    return make("tr", {},
      make("td", {}, make("code", {}, parameter.name), parameter.required ? " *" : ""),
      make("td", { class: "dim" }, `${parameter.in}, ${kindOf(parameter.schema, schemas)}`),
      make("td", {}, ...prose(parameter.description)), make("td", {}, input));
  });
  return make("table", {}, ...rows);
}

function answers(operation) {
  const rows = Object.entries(operation.responses).map(([status, response]) =>
    make("tr", {}, make("td", { class: status < "400" ? "ok" : "bad" }, status), make("td", {}, ...prose(response.description))));
  return make("table", {}, ...rows);
}

function request(method, path, inputs, body) {
  const query = new URLSearchParams();
  const headers = {};
  for (const [parameter, input] of inputs) {
    const value = input.value || (parameter.required ? input.placeholder : "");
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value && parameter.in === "query") query.append(parameter.name, value);
    else if (value && parameter.in === "header") headers[parameter.name] = value;
  }
  if (byId("token").value) headers.Authorization = `Bearer ${byId("token").value}`;
  if (byId("tenant").value) headers["X-Tenant-Id"] = byId("tenant").value;
  if (body) headers["Content-Type"] = "application/json";
  const asked = query.toString();
  return { url: location.origin + path + (asked ? `?${asked}` : ""), method: method.toUpperCase(), headers, body };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ url, method, headers, body }) {
  const said = Object.entries(headers).map(([name, value]) => ` \\\n  -H ${quoted(`${name}: ${name === "Authorization" ? "Bearer $TOKEN" : value}`)}`
    .replace("'Authorization: Bearer $TOKEN'", '"Authorization: Bearer $TOKEN"'));
  return `curl -X ${method} ${quoted(url)}${said.join("")}${body ? ` \\\n  -d ${quoted(body)}` : ""}`;
}

function python({ url, method, headers, body }) {
  const said = JSON.stringify({ ...headers, ...(headers.Authorization ? { Authorization: "Bearer …" } : {}) });
  return `import httpx2\n\nanswer = httpx2.request(${JSON.stringify(method)}, ${JSON.stringify(url)}, headers=${said}`
    + `${body ? `, content=${JSON.stringify(body)}` : ""})\nprint(answer.status_code, answer.json())`;
}

async function send(asked, out) {
  out.replaceChildren("…");
  const begun = performance.now();
  try {
    const { url, ...rest } = asked;
    const answer = await fetch(url, rest);
    const text = await answer.text();
    let shown = text;
    try { shown = pretty(JSON.parse(text)); } catch { /* not JSON: shown as it is */ }
    out.replaceChildren(make("span", { class: answer.ok ? "ok" : "bad" },
      `${answer.status} ${answer.statusText}  ${Math.round(performance.now() - begun)} ms`), make("pre", {}, shown.slice(0, 50000)));
  } catch (error) {
    out.replaceChildren(make("span", { class: "bad" }, String(error)));
  }
}

function inside(method, path, operation, schemas) {
  const inputs = [];
  const content = operation.requestBody?.content?.["application/json"];
  const body = content ? make("textarea", { "aria-label": "Body", spellcheck: "false" }) : null;
  if (body) body.value = pretty(content.example ?? Object.values(content.examples || {})[0]?.value ?? {});
  const out = make("div", {});
  const ask = () => request(method, path, inputs, body?.value);
  const copy = (write) => () => { const text = write(ask()); navigator.clipboard?.writeText(text); out.replaceChildren(make("pre", {}, text)); };
  return make("div", { class: "inside" },
    make("p", {}, ...prose(operation.description)),
    make("p", { class: "dim" }, "Permission: ", make("code", {}, operation["x-permission"])),
    parameters(operation, schemas, inputs), body,
    make("div", { class: "row" },
      make("button", { class: "main", onclick: () => send(ask(), out) }, "Send"),
      make("button", { onclick: copy(curl) }, "Copy as curl"),
      make("button", { onclick: copy(python) }, "Copy as Python")),
    out, answers(operation));
}

function entry(method, path, operation, schemas) {
  const details = make("details", { id: operation.operationId, "data-words": `${method} ${path} ${operation.summary}`.toLowerCase() },
    make("summary", {}, make("span", { class: `method ${method}` }, method.toUpperCase()),
      make("span", { class: "path" }, path), make("span", { class: "said" }, operation.summary || "")));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(inside(method, path, operation, schemas));
  });
  return details;
}

async function draw() {
  takeToken();
  const api = await (await fetch("/openapi.json")).json();
  byId("version").textContent = api.info.version;
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths))
    for (const method of METHODS.filter((each) => item[each])) {
      const tag = item[method].tags?.[0] || "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(entry(method, path, item[method], api.components.schemas));
    }
  for (const [tag, entries] of [...groups].sort()) {
    byId("tags").append(make("a", { href: `#${tag}` }, tag));
    byId("routes").append(make("section", {}, make("h2", { id: tag }, tag), ...entries));
  }
  byId("search").addEventListener("input", () => {
    const words = byId("search").value.toLowerCase();
    for (const each of document.querySelectorAll("details")) each.hidden = !each.dataset.words.includes(words);
  });
}

draw();
