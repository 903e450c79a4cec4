import { covers, parseReleases, releasesOf, releasesText } from "../../../plan/releases";
import { upgradeProblems } from "../../../plan/upgrade";
import { planOf } from "../components/lab-in-test";

describe("another release of Kubernetes for a living lab", () => {
  it.each([
    [["1.36.2", "1.36.2"], "1.36.3"],
    [["1.36.3"], "1.36.3"],
    [["1.35.9"], "1.36.0"],
    [["1.36.2", "1.36.3"], "1.36.3"],
    [[], "1.31.0"],
  ])("takes %j to %s", (living, wanted) => expect(upgradeProblems(living, wanted)).toEqual([]));

  it("refuses an earlier one with the living one as the way to go", () => {
    const [problem] = upgradeProblems(["1.36.10", "1.36.9"], "1.36.9");
    expect(problem).toMatchObject({ key: "kubernetes.version", value: "1.36.9" });
    expect(problem?.reason).toContain("has 1.36.10 already");
    expect(problem?.fix).toBe("pulumi config set --path kubernetes.version 1.36.10");
  });

  it("refuses to skip a minor release, counted from the machine that is furthest behind", () => {
    const [problem] = upgradeProblems(["1.35.2", "1.34.6"], "1.36.3");
    expect(problem?.reason).toContain("has 1.34.6");
    expect(problem?.fix).toContain("1.35.x first");
  });
});

describe("the releases of a plan", () => {
  it("are those of what is on", () => {
    const plan = planOf({ addons: { traefik: { enabled: true } } });
    const { kubernetes, addons } = plan;
    const text = releasesText(releasesOf(plan));
    expect(text).toMatch(
      new RegExp(
        `^Kubernetes ${kubernetes.version}, flannel [\\d.]+, storage ${addons.storage.version}, networkPolicy ${addons.networkPolicy.version}, traefik ${addons.traefik.version}$`,
      ),
    );
    expect(parseReleases(text)).toEqual(releasesOf(plan));
  });

  it("are covered by more, and not by others or fewer", () => {
    const wanted = { Kubernetes: "1.36.3", storage: "0.0.30" };
    expect(covers({ ...wanted, traefik: "3.6.12" }, wanted)).toBe(true);
    expect(covers({ ...wanted, storage: "0.0.31" }, wanted)).toBe(false);
    expect(covers({ Kubernetes: "1.36.3" }, wanted)).toBe(false);
  });
});
