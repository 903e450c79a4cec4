import { printed, project } from "./the-lab";

/** Where private keys and passwords must not be. */
export function secretTests(): void {
  test("no private key or password is in clear in state, output or what processes show", async () => {
    const outputs = JSON.parse(await project.run("stack", "output", "--json", "--show-secrets")) as {
      privateKeys: Record<string, string>;
      statistics: { password: string };
      kubeconfig: string;
    };
    const clear = await project.run("stack", "export", "--show-secrets");
    // The authorities' keys are no outputs. What was JSON in JSON has several backslashes at each line's end. OpenSSH's form begins
    // with the public key, which certificates have.
    const keys = (clear.match(/-----BEGIN (?!OPENSSH)[A-Z ]*PRIVATE KEY-----.*?-----END/g) ?? []).map((key) =>
      key.replace(/\\+n/g, "\n"),
    );
    const secrets = [...Object.values(outputs.privateKeys), ...keys, outputs.statistics.password];
    expect(secrets.length).toBeGreaterThan(30);
    // A key's first lines are the same for all: its middle is its own.
    const needles = secrets.map((secret) =>
      secret.replace(/\n/g, "\\n").slice(secret.length / 3, secret.length / 3 + 40),
    );
    const places = {
      state: project.everyStateText(),
      output: printed + (await project.run("stack", "output")),
      processes: project.everything(),
    };
    for (const [place, text] of Object.entries(places)) {
      expect(text).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY-----/);
      expect([place, needles.filter((needle) => text.includes(needle)).length]).toEqual([place, 0]);
    }
  });
}
