import { parseConfiguration } from "../../../plan/config/configuration";
import { planRegistries, registryLogins } from "../../../plan/config/registries";
import { planLab } from "../../../plan/plan";
import { problemsOf, refusal } from "./problems-of";

const raw = {
  registries: {
    "docker.io": { mirrors: "https://mirror.example:5000/, http://10.0.0.1" },
    "registry.example:5000": { username: "alice", password: 123, insecure: "true", authority: "house.pem" },
  },
};

test("registries are in the plan without their logins", () => {
  const configuration = parseConfiguration(raw);
  expect(planRegistries(configuration)).toEqual([
    { host: "docker.io", mirrors: ["https://mirror.example:5000", "http://10.0.0.1"], insecure: false },
    { host: "registry.example:5000", mirrors: [], insecure: true, authority: "house.pem" },
  ]);
  expect([...registryLogins(configuration)]).toEqual([
    ["registry.example:5000", { username: "alice", password: "123" }],
  ]);
  expect(JSON.stringify(planLab(configuration, "dev"))).not.toContain("alice");
});

test("every problem of every registry is told at once, and no password with it", () => {
  const given = {
    registries: {
      "a.example": { username: "alice" },
      "b.example": { password: "hunter2" },
      "c.example": { username: "al:ice", password: "hunter2\n" },
      "d.example": 5,
    },
  };
  expect(problemsOf(given).map(({ key, reason }) => [key, reason])).toEqual([
    ['registries["a.example"].password', "there is a username"],
    ['registries["b.example"].username', "there is a password"],
    ['registries["c.example"].password', "it is empty, or no text of one line"],
    ['registries["c.example"].username', "registries are asked with USERNAME:PASSWORD"],
    ['registries["d.example"]', "it is no object"],
  ]);
  expect(refusal(given)?.message).not.toContain("hunter2");
});
