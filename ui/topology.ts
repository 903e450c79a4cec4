import type { Check } from "../lab/check";
import { mark } from "../lab/status-text";
import { gatewayOf } from "../plan/endpoint";
import type { AdapterPlan, LabPlan, MachinePlan, SubnetName } from "../plan/lab-plan";
import { subnetOf } from "../plan/machine-names";
import { checksOf, type Health, healthOf, virtualIpHolder } from "./health";
import { type Child, element, markup } from "./markup";

/** From the host inwards, the way a request takes. */
const laneOrder: readonly SubnetName[] = ["dmz", "mast", "node", "glus"];

const inhabitants: Record<SubnetName, string> = {
  dmz: "load balancers",
  mast: "masters",
  node: "workers",
  glus: "Gluster",
};

// All lengths in the drawing's own units, about a pixel each.
const card = { width: 206, height: 98, gap: 16 };
const lane = { label: 176, padding: 16, gap: 12 };
/** Where the gateway's line runs down, between the lanes' labels and their machines. */
const trunk = lane.label + 14;
const cardsLeft = trunk + 22;
const columnLimits = { least: 3, most: 5 };

/**
 * The lab as SVG: the host's way in and the networks as lanes, every machine with its health as colour, symbol and word, and
 * the virtual IP where it is. Colours are ui/topology.css's; without `style` the document that holds the picture brings them.
 */
export function topology(plan: LabPlan, checks: readonly Check[], style?: string): string {
  const columns = columnsOf(plan);
  const width = cardsLeft + columns * (card.width + card.gap) - card.gap + lane.padding;
  const lanes = stacked(
    [hostLane(plan, checks), ...laneOrder.map((name) => subnetLane(plan, name, checks))],
    columns,
  );
  const height = lanes.end + 30;
  return markup(
    element(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        class: "topology",
        viewBox: `0 0 ${width} ${height}`,
        width,
        height,
        role: "img",
        "aria-label": summary(plan, checks),
      },
      style === undefined ? undefined : element("style", {}, style),
      element("rect", { class: "ground", width, height }),
      ...lanes.placed.map((placed) => drawnLane(placed, width)),
      drawnTrunk(lanes.placed),
      ...lanes.placed.flatMap(({ boxes }) => boxes),
      legend(lanes.end + 18),
    ),
  );
}

function summary(plan: LabPlan, checks: readonly Check[]): string {
  const healths = plan.machines.map(({ name }) => healthOf(checksOf(name, checks)));
  const counts = (["healthy", "failing", "unknown"] as const)
    .map((health) => ({ health, count: healths.filter((one) => one === health).length }))
    .filter(({ count }) => count > 0);
  const words = counts.map(({ health, count }) => `${count} ${health}`).join(", ");
  return `Topology of stack ${plan.stack}: ${plan.machines.length} machines, ${words}`;
}

/** As many as the widest lane needs, within what a page can show. */
function columnsOf(plan: LabPlan): number {
  const widest = Math.max(...laneOrder.map((name) => inside(plan, name).length));
  return Math.min(Math.max(widest, columnLimits.least), columnLimits.most);
}

function inside(plan: LabPlan, subnet: SubnetName): MachinePlan[] {
  return plan.machines.filter(({ role }) => role !== "gateway" && subnetOf[role] === subnet);
}

interface Lane {
  label: Child[];
  /** Drawn at these places, in order; a box may be several columns wide. */
  boxes: { columns: number; draw: (x: number, y: number, width: number) => Child }[];
}

interface PlacedLane {
  label: Child[];
  boxes: Child[];
  y: number;
  height: number;
}

/** Lanes one below the other, their boxes in rows of `columns`. */
function stacked(lanes: Lane[], columns: number): { placed: PlacedLane[]; end: number } {
  let y = 0;
  const placed = lanes.map(({ label, boxes }) => {
    let column = 0;
    let row = 0;
    const drawn = boxes.map((box) => {
      const wide = Math.min(box.columns, columns);
      if (column + wide > columns) {
        column = 0;
        row += 1;
      }
      const x = cardsLeft + column * (card.width + card.gap);
      const top = y + lane.padding + row * (card.height + card.gap);
      column += wide;
      return box.draw(x, top, wide * (card.width + card.gap) - card.gap);
    });
    const height = 2 * lane.padding + (row + 1) * (card.height + card.gap) - card.gap;
    const at = { label, boxes: drawn, y, height };
    y += height + lane.gap;
    return at;
  });
  return { placed, end: y - lane.gap };
}

function drawnLane({ label, y, height }: PlacedLane, width: number): Child {
  const frame = { x: 0.5, y: y + 0.5, width: width - 1, height: height - 1, rx: 10 };
  return element(
    "g",
    {},
    element("rect", { class: "lane", ...frame }),
    element("g", { transform: `translate(${lane.padding} ${y + lane.padding})` }, ...label),
  );
}

/** The gateway's line, and a tap of it in every network. */
function drawnTrunk(lanes: PlacedLane[]): Child {
  const centre = (placed: PlacedLane | undefined) => (placed?.y ?? 0) + lane.padding + card.height / 2;
  const [first] = lanes;
  return element(
    "g",
    { class: "trunk" },
    element("path", { d: `M${cardsLeft} ${centre(first)}H${trunk}V${centre(lanes.at(-1))}` }),
    ...lanes
      .slice(1)
      .flatMap((placed) => [
        element("path", { d: `M${trunk} ${centre(placed)}H${cardsLeft}` }),
        element("circle", { cx: trunk, cy: centre(placed), r: 3.5 }),
      ]),
  );
}

function hostLane(plan: LabPlan, checks: readonly Check[]): Lane {
  const gateway = gatewayOf(plan);
  return {
    label: [text("strong", 0, 16, "way in"), text("faint", 0, 36, plan.hostAccess.mode)],
    boxes: [
      { columns: 1, draw: (x, y) => machineCard(gateway, checks, false, x, y) },
      { columns: 2, draw: (x, y, width) => hostBox(gateway.adapters.flatMap(waysIn), x, y, width) },
    ],
  };
}

/** What leads from the host to the gateway, a line each. */
function waysIn(adapter: AdapterPlan): string[] {
  switch (adapter.kind) {
    case "nat":
      return adapter.forwards.map(({ name, hostAddress, hostPort, guestPort, target }) => {
        const to = target === undefined ? `gateway:${guestPort}` : `${target.address}:${target.port}`;
        return `${name} ${hostAddress}:${hostPort} → ${to}`;
      });
    case "internal":
      return [];
    case "hostonly":
    case "bridged":
      return [`${adapter.kind} ${adapter.hostInterface} ${adapter.address ?? ""}`.trim()];
  }
}

function hostBox(lines: string[], x: number, y: number, width: number): Child {
  const middle = card.height / 2;
  return element(
    "g",
    { class: "host", transform: `translate(${x} ${y})` },
    element("path", { class: "way", d: `M0 ${middle}H${-card.gap + 6}m6 -5l-6 5l6 5` }),
    element("rect", { class: "card", width, height: card.height, rx: 8 }),
    text("name", 14, 25, "this computer"),
    ...lines.slice(0, 4).map((line, index) => text("mono", 14, 45 + index * 15, line)),
  );
}

function subnetLane(plan: LabPlan, name: SubnetName, checks: readonly Check[]): Lane {
  const { cidr, gateway } = plan.subnets[name];
  const machines = inside(plan, name);
  const holder = virtualIpHolder(checks);
  const unheld = checks.some(({ kind, healthy, unknown }) => kind === "virtual IP" && !healthy && !unknown);
  const virtualIp =
    name !== "dmz"
      ? []
      : [
          text("virtual", 0, 76, `virtual IP ${plan.virtualIp}`),
          ...(unheld ? [text("failing", 0, 94, "has no single holder")] : []),
        ];
  return {
    label: [
      text("strong", 0, 16, `${name} · ${inhabitants[name]}`),
      text("mono", 0, 36, cidr),
      text("faint", 0, 54, `gateway ${gateway}`),
      ...virtualIp,
    ],
    boxes: machines.map((machine) => ({
      columns: 1,
      draw: (x, y) => machineCard(machine, checks, machine.name === holder, x, y),
    })),
  };
}

function machineCard(
  machine: MachinePlan,
  checks: readonly Check[],
  holdsVirtualIp: boolean,
  x: number,
  y: number,
): Child {
  const own = checksOf(machine.name, checks);
  const health = healthOf(own);
  const detail = own.map((check) => `${mark(check)} ${check.kind}: ${check.detail}`);
  return element(
    "g",
    { class: `machine ${health}`, "data-machine": machine.name, transform: `translate(${x} ${y})` },
    element("title", {}, [machine.fqdn, ...detail].join("\n")),
    element("rect", { class: "card", width: card.width, height: card.height, rx: 8 }),
    symbol(health, 21, 21),
    text("name", 36, 26, shortened(machine.name, 19)),
    text("mono", 14, 49, machine.address),
    ...(holdsVirtualIp ? virtualIpMark(card.width - 12, 36) : []),
    text("faint", 14, 67, sizeOf(machine)),
    text("state", 14, 85, stateOf(own, health)),
  );
}

function virtualIpMark(right: number, top: number): Child[] {
  const width = 70;
  return [
    element("rect", { class: "mark", x: right - width, y: top, width, height: 18, rx: 9 }),
    element(
      "text",
      { class: "mark-text", x: right - width / 2, y: top + 13, "text-anchor": "middle" },
      "virtual IP",
    ),
  ];
}

/** The word that goes with the colour; of a failing machine, what fails. */
function stateOf(own: readonly Check[], health: Health): string {
  if (health !== "failing") return health;
  const kinds = own.filter(({ healthy, unknown }) => !healthy && !unknown).map(({ kind }) => kind);
  return shortened(`failing: ${kinds.join(", ")}`, 30);
}

function sizeOf({ cpus, memoryMiB, dataDiskGiB }: MachinePlan): string {
  const memory = memoryMiB % 1024 === 0 ? `${memoryMiB / 1024} GiB` : `${memoryMiB} MiB`;
  const disk = dataDiskGiB === undefined ? [] : [`${dataDiskGiB} GiB disk`];
  return [`${cpus} CPU${cpus === 1 ? "" : "s"}`, memory, ...disk].join(" · ");
}

/** Told apart by shape, too: a tick in a disc, a cross in a square, a question mark in a ring. */
function symbol(health: Health, x: number, y: number): Child {
  const shapes: Record<Health, Child[]> = {
    healthy: [element("circle", { r: 9 }), element("path", { d: "M-4 0.5l2.8 2.8l5.2 -6" })],
    failing: [
      element("rect", { x: -9, y: -9, width: 18, height: 18, rx: 3 }),
      element("path", { d: "M-3.8 -3.8l7.6 7.6m0 -7.6l-7.6 7.6" }),
    ],
    unknown: [
      element("circle", { r: 8.2 }),
      element("path", { d: "M-2.6 -2.2a2.6 2.4 0 1 1 3.6 2.3q-1 .4 -1 1.6m0 2.4v.1" }),
    ],
  };
  return element("g", { class: `symbol ${health}`, transform: `translate(${x} ${y})` }, ...shapes[health]);
}

function legend(y: number): Child {
  const entries: [Health, string][] = [
    ["healthy", "healthy"],
    ["failing", "failing"],
    ["unknown", "not known"],
  ];
  return element(
    "g",
    { transform: `translate(${cardsLeft + 10} ${y})` },
    ...entries.flatMap(([health, words], index) => [
      symbol(health, index * 110, 0),
      text("faint", index * 110 + 16, 4, words),
    ]),
  );
}

function text(kind: string, x: number, y: number, words: string): Child {
  return element("text", { class: kind, x, y }, words);
}

function shortened(words: string, most: number): string {
  return words.length <= most ? words : `${words.slice(0, most - 1)}…`;
}
