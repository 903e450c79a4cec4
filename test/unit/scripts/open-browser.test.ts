import { opener } from "../../../scripts/ui/open-browser";

test.each([
  ["linux", { DISPLAY: ":0" }, ["xdg-open"]],
  ["linux", { WAYLAND_DISPLAY: "wayland-0" }, ["xdg-open"]],
  ["linux", {}, undefined],
  ["darwin", {}, ["open"]],
  ["darwin", { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" }, undefined],
  ["win32", {}, ["rundll32", "url.dll,FileProtocolHandler"]],
] as const)("a browser on %s with %j is opened by %j", (platform, environment, expected) => {
  expect(opener(platform, environment)).toEqual(expected);
});
