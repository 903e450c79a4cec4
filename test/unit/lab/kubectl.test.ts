import { Kubectl } from "../../../lab/kubectl";

test("one that ends before it has read what it is given fails by its own word", async () => {
  const kubectl = new Kubectl("false", "");
  const input = { stdin: "x".repeat(4 * 1024 * 1024) };
  try {
    await expect(kubectl.run(["apply"], input)).rejects.toThrow("kubectl apply");
  } finally {
    kubectl.close();
  }
});
