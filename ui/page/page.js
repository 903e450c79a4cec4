// Shows what the feed brings. All text arrives by textContent: machines' and pods' words are never markup here.

const symbols = { healthy: "✓", failing: "✕", unknown: "?" };
const certificatesInSight = 5;

const happenings = new Map();
const shown = new Map();
let lastLook;

const $ = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Draws a part again only when it has changed, so that a selection or a scrolled table stays as it is. */
function part(id, data, draw) {
  const key = JSON.stringify(data);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  $(id).replaceChildren(...[draw(data)].flat());
}

function none(words) {
  return element("p", { class: "none" }, words);
}

function health(state) {
  const symbol = element("span", { "aria-hidden": "true" }, `${symbols[state]} `);
  return element("span", { class: `health ${state}` }, symbol, state);
}

/** The first cell of a row is its heading. */
function table(columns, rows) {
  const heading = columns.map(({ title, kind }) => element("th", { scope: "col", class: kind ?? "" }, title));
  const body = rows.map((cells) =>
    element(
      "tr",
      {},
      ...cells.map((cell, index) =>
        index === 0
          ? element("th", { scope: "row" }, cell)
          : element("td", { class: columns[index].kind ?? "" }, cell),
      ),
    ),
  );
  return element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...heading)),
    element("tbody", {}, ...body),
  );
}

function stateOf({ healthy, unknown }) {
  return healthy ? "healthy" : unknown ? "unknown" : "failing";
}

function checkTable(title, absent) {
  return (checks) =>
    checks.length === 0
      ? none(absent)
      : table(
          [{ title }, { title: "Health" }, { title: "State" }],
          checks.map((check) => [check.name, health(stateOf(check)), check.detail]),
        );
}

function machineTable(machines) {
  return table(
    [
      { title: "Name" },
      { title: "Health" },
      { title: "Role" },
      { title: "Network" },
      { title: "Address", kind: "tight" },
      { title: "Size", kind: "tight" },
      { title: "State" },
    ],
    machines.map((machine) => [
      machine.name,
      health(machine.health),
      machine.role,
      machine.network,
      machine.address,
      `${machine.cpus} CPU, ${machine.memoryMiB} MiB`,
      machine.detail,
    ]),
  );
}

function certificateTable(certificates) {
  return table(
    [{ title: "Name" }, { title: "Expires", kind: "tight" }, { title: "Days left", kind: "number" }],
    certificates.map(({ name, expires, days, state }) => {
      const words = { valid: days, due: `${days}, due`, expired: "expired" }[state];
      return [
        name,
        element("time", { datetime: expires }, expires.slice(0, 10)),
        element("span", { class: state }, words),
      ];
    }),
  );
}

function topology(svg) {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  return document.importNode(parsed.documentElement, true);
}

function verdict({ health: state, summary, problem, checks }) {
  $("verdict").className = `verdict ${problem === undefined ? state : "unknown"}`;
  $("summary").textContent = summary;
  $("problem").textContent = problem ?? "";
  $("problem").hidden = problem === undefined;
  const failing = checks.filter(({ healthy }) => !healthy);
  $("failures").hidden = failing.length === 0;
  $("failures").replaceChildren(
    ...failing.map(({ kind, name, detail }) => element("li", {}, `${kind} ${name}: ${detail}`)),
  );
  return [];
}

function showView(view) {
  lastLook = view.time;
  document.title = `${symbols[view.health]} ${view.stack} – kube-lab`;
  $("stack").textContent = view.stack;
  const key = JSON.stringify([view.health, view.summary, view.problem, view.checks]);
  if (shown.get("verdict") !== key) verdict(view);
  shown.set("verdict", key);

  const of = (...kinds) => view.checks.filter(({ kind }) => kinds.includes(kind));
  part("topology", view.topology, topology);
  part("machines", view.machines, machineTable);
  part("nodes", of("node"), checkTable("Node", "No API server to ask."));
  part("etcd", of("etcd member"), checkTable("Member", "No etcd to ask."));
  part("virtual-ip", view.virtualIp, ({ address, holder }) => [
    `Virtual IP ${address}: `,
    element("strong", {}, holder ?? (of("virtual IP")[0]?.unknown ? "not known" : "no single holder")),
  ]);
  part("backends", of("backend"), checkTable("Backend", "No load balancer to ask."));
  part("gluster", of("Gluster peer", "Gluster volume"), (checks) =>
    checks.length === 0
      ? none("No Gluster machine to ask.")
      : table(
          [{ title: "Name" }, { title: "Health" }, { title: "What" }, { title: "State" }],
          checks.map((check) => [
            check.name,
            health(stateOf(check)),
            check.kind.replace("Gluster ", ""),
            check.detail,
          ]),
        ),
  );
  part("certificates", view.certificates.slice(0, certificatesInSight), (first) =>
    first.length === 0 ? none("None known.") : certificateTable(first),
  );
  const later = view.certificates.slice(certificatesInSight);
  $("later-section").hidden = later.length === 0;
  part("later-summary", later.length, (count) => `${count} more`);
  part("later", later, certificateTable);
  $("pages").hidden = view.pages.length === 0;
  part("pages", view.pages, (pages) =>
    pages.map(({ name, url }) => element("a", { href: url, target: "_blank", rel: "noreferrer" }, name)),
  );
}

function showHappenings(news) {
  for (const happening of news) happenings.set(happening.id, happening);
  const latest = [...happenings.values()].sort((a, b) => b.time.localeCompare(a.time)).slice(0, 200);
  happenings.clear();
  for (const happening of latest) happenings.set(happening.id, happening);
  part("events", latest, (lines) =>
    lines.length === 0 ? [element("li", { class: "none" }, "None yet.")] : lines.map(line),
  );
}

function line({ time, source, severity, subject, text }) {
  const when = new Date(time);
  const sameDay = when.toDateString() === new Date().toDateString();
  const clock = sameDay ? when.toLocaleTimeString() : when.toLocaleString();
  return element(
    "li",
    {},
    element(
      "div",
      { class: "when" },
      element("time", { datetime: time }, clock),
      element("span", {}, source),
      severity === "normal"
        ? ""
        : element("span", { class: severity }, severity === "bad" ? "✕ warning" : "✓ resolved"),
    ),
    element("div", { class: "subject" }, subject),
    element("div", {}, text),
  );
}

function connection(words, lost = false) {
  $("connection").textContent = words;
  $("connection").className = lost ? "connection lost" : "connection";
}

function listen() {
  const feed = new EventSource("feed");
  feed.addEventListener("view", ({ data }) => {
    showView(JSON.parse(data));
    connection(`Live, looked at ${new Date(lastLook).toLocaleTimeString()}`);
  });
  feed.addEventListener("happenings", ({ data }) => showHappenings(JSON.parse(data)));
  feed.addEventListener("error", () => {
    const since = lastLook === undefined ? "" : `; as of ${new Date(lastLook).toLocaleTimeString()}`;
    connection(
      feed.readyState === EventSource.CLOSED
        ? `This page's server has ended; run npm run ui again${since}`
        : `Connection lost, trying again${since}`,
      true,
    );
  });
}

listen();
