import * as pulumi from "@pulumi/pulumi";
import { refuseLabOfAnotherProgram } from "../../../components/own-program";

const made = { HYPERVISOR: "virtualbox", DOMAIN: "kube.local" };

/** The refusal that a program of this Pulumi project meets, if any. */
async function refusalIn(project: string, living: Record<string, string>): Promise<string | undefined> {
  await pulumi.runtime.setMocks(
    { newResource: () => ({ id: "", state: {} }), call: () => ({}) },
    project,
    "dev",
  );
  try {
    refuseLabOfAnotherProgram("dev", living);
    return undefined;
  } catch (error) {
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    return (error as Error).message;
  }
}

test.each([
  ["nobody's", "kube-lab", {}],
  ["the project's own", "kube-lab", made],
  ["one whose record is lost", "page", { HYPERVISOR: "virtualbox" }],
  ["the program's own", "page", { ...made, PROGRAM: "page" }],
])("a lab that is %s is taken", async (_, project, living) => {
  expect(await refusalIn(project, living)).toBeUndefined();
});

test.each([
  ["page", made, /another Pulumi program, that in .*pulumi stack init NAME/],
  ["kube-lab", { ...made, PROGRAM: "page" }, /lab of stack dev .* another Pulumi program, page,/],
  ["other", { ...made, PROGRAM: "page" }, /another Pulumi program, page,/],
])("program %s refuses a lab of another program", async (project, living, words) => {
  expect(await refusalIn(project, living)).toMatch(words);
});
