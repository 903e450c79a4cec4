import { exampleLab, firstOf } from "./example-lab";
import { writeMachine } from "./written-machine";

const plan = exampleLab();
const gateway = writeMachine(plan, firstOf(plan, "gateway"));
afterAll(gateway.remove);

/** What a wait for the third answer of a command says of its pauses. */
function pausesOf(command: string): number[] {
  const stubs = `
    pause() { echo "pause $1"; }
    step() { :; }
    third() { ${command}; echo >>"$RUN/answers"; [ "$(wc -l <"$RUN/answers")" -ge 3 ]; }`;
  const { words } = gateway.run('rm -f "$RUN/answers"; wait_until 60 "a third answer" third', stubs);
  return [...words.matchAll(/^pause (.*)$/gm)].map(([, seconds]) => Number(seconds));
}

test("what answers at once is asked again soon", () => {
  expect(pausesOf("true")).toEqual([0.5]);
});

test("what takes long to answer is left alone for as long", () => {
  const [pause] = pausesOf("sleep 1.2");
  expect(pause).toBeGreaterThanOrEqual(1.2);
});
