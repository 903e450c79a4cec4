import { terminal } from "../../../scripts/generate/terminal";

const log = `
> kube-lab@0.1.0 up

kube-lab: No Pulumi login: state in /home/somebody/lab/.kube-lab/state
Updating (dev):
@ updating....
 +  command:remote:Command lab-gateway-node-apply creating (8s) gate-node01: converged after 1 s
 +  command:remote:Command lab-gateway-node-apply created (8s) gate-node01: converged after 1 s
 +  pulumi:pulumi:Stack kube-lab-dev created (39s)
Resources:
    + 174 created

Duration: 41s


The lab is up. To use it:
  kubectl get nodes <&>
By hand: . .kube-lab/environment.sh

real	0m59.378s
`;

const shown = [...terminal(log).matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) => text);

test("a terminal shows set-up, each machine once, and the end", () => {
  expect(shown.slice(1)).toEqual([
    "$ npm run up",
    "kube-lab: No Pulumi login: state in …/.kube-lab/state",
    "Updating (dev):",
    expect.stringContaining("created (8s) gate-node01: converged after 1 s"),
    "Resources:",
    "    + 174 created",
    "Duration: 41s",
    "The lab is up. To use it:",
    "  kubectl get nodes &lt;&amp;&gt;",
    "By hand: . .kube-lab/environment.sh",
  ]);
});

test("a terminal is not drawn of an up that has failed", () => {
  expect(() => terminal("Resources:\n    1 errored\n")).toThrow("brought a lab up");
});
