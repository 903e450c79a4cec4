import { machineNotFound, SyntaxFailure, VirtualBoxError } from "../../../embedded/errors";

test("a missing machine reads as the real one's words", () => {
  const lines = machineNotFound("x").text().split("\n");
  expect(lines[0]).toBe("VBoxManage: error: Could not find a registered machine named 'x'");
  expect(lines[1]).toBe(
    "VBoxManage: error: Details: code VBOX_E_OBJECT_NOT_FOUND (0x80bb0001), component VirtualBoxWrap, interface IVirtualBox, callee nsISupports",
  );
  expect(lines[2]).toMatch(/^VBoxManage: error: Context: "FindMachine\(/);
  expect(machineNotFound("x").exitStatus).toBe(1);
});

test("failures of a longer work have a heading, and no callee", () => {
  const details = { code: "VBOX_E_FILE_ERROR", component: "MediumWrap", interface: "IMedium" } as const;
  expect(new VirtualBoxError("one\ntwo", details, "Failed").text()).toBe(
    [
      "VBoxManage: error: Failed",
      "VBoxManage: error: one",
      "VBoxManage: error: two",
      "VBoxManage: error: Details: code VBOX_E_FILE_ERROR (0x80bb0004), component MediumWrap, interface IMedium",
    ].join("\n"),
  );
});

test("what cannot be understood ends with status 2 and the usage, in modifyvm with 1", () => {
  const failure = new SyntaxFailure("Unknown option: --x", "createvm …");
  expect(failure.exitStatus).toBe(2);
  expect(failure.text()).toContain(
    "VBoxManage: error: Unknown option: --x\n\nUsage:\n\n  VBoxManage createvm …",
  );
  expect(new SyntaxFailure("Unknown option: --x", "modifyvm …").exitStatus).toBe(1);
});
