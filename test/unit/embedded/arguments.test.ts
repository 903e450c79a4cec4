import { type OptionRule, optionValue, parseArguments } from "../../../embedded/arguments";
import { SyntaxFailure } from "../../../embedded/errors";

const RULES: OptionRule[] = [
  { names: ["memory"], values: 1 },
  { names: ["register"], values: 0 },
  { names: ["nic"], values: 1, numbered: true },
  { names: ["nic-type"], values: 1, numbered: true },
  { names: ["nat-pf"], values: 1, numbered: true, second: (first) => first === "delete" },
];

const parse = (...typed: string[]) => parseArguments(typed, RULES, "verb …", { least: 1, most: 1 });

test("values stand apart or behind an equals sign", () => {
  expect(optionValue(parse("m", "--memory", "512"), "memory")).toBe("512");
  expect(optionValue(parse("m", "--memory=512"), "memory")).toBe("512");
  expect(optionValue(parse("--memory", "512", "m", "--memory", "1024"), "memory")).toBe("1024");
});

test("numbers end the names of adapters' options, with or without hyphens in them", () => {
  const { options } = parse("m", "--nic1", "nat", "--nictype2=virtio", "--nic-type3", "virtio");
  expect(options.map(({ name, number, values }) => [name, number, ...values])).toEqual([
    ["nic", 1, "nat"],
    ["nic-type", 2, "virtio"],
    ["nic-type", 3, "virtio"],
  ]);
});

test("a forward's delete takes a name", () => {
  const { options } = parse(
    "m",
    "--natpf1",
    "delete",
    "ssh",
    "--natpf1",
    "a,tcp,,1,,2",
    "--nat-pf1=delete=api",
  );
  expect(options.map((option) => option.values)).toEqual([
    ["delete", "ssh"],
    ["a,tcp,,1,,2"],
    ["delete", "api"],
  ]);
});

test.each([
  [["m", "--nosuch", "1"], "Unknown option: --nosuch"],
  [["m", "--memory"], "Missing argument to '--memory'"],
  [["m", "--register=1"], "'--register' takes no value"],
  [["m", "n"], "Invalid parameter 'n'"],
  [[], "Not enough parameters"],
  [["m", "--nicx", "nat"], "Unknown option: --nicx"],
])("%j is refused: %s", (typed, message) => {
  expect(() => parse(...typed)).toThrow(message);
  expect(() => parse(...typed)).toThrow(SyntaxFailure);
});
