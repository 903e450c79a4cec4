/** An element, text, or nothing. */
export type Child = Element | string | undefined;

interface Element {
  name: string;
  attributes: Record<string, string | number>;
  children: Child[];
}

export function element(
  name: string,
  attributes: Record<string, string | number>,
  ...children: Child[]
): Element {
  return { name, attributes, children };
}

/** As XML, everything that is not an element's own escaped. */
export function markup(node: Child): string {
  if (node === undefined) return "";
  if (typeof node === "string") return escaped(node);
  const attributes = Object.entries(node.attributes).map(
    ([key, value]) => ` ${key}="${escaped(String(value)).replaceAll('"', "&quot;")}"`,
  );
  const start = `<${node.name}${attributes.join("")}`;
  return node.children.length === 0
    ? `${start}/>`
    : `${start}>${node.children.map(markup).join("")}</${node.name}>`;
}

function escaped(text: string): string {
  return (
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      // XML has no place for control characters, not even escaped; machines' words may hold some.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is sought
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "")
  );
}
