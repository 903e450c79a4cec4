import { parseColons } from "../driver/output";
import { type Finding, failure, fine } from "./finding";
import type { Probes } from "./probes";

/** Of sysctl(8): Apple's hypervisor framework, an ARM processor, this process translated from Intel's. */
const QUESTIONS = ["kern.hv_support", "hw.optional.arm64", "sysctl.proc_translated"];

/**
 * Processor and hypervisor framework. There is no kernel driver to look for: since 7.0 VirtualBox uses Apple's frameworks
 * (its change log). On an Intel processor sysctl does not know the last two and says so on standard error.
 */
export async function checkMacos(probes: Probes): Promise<Finding[]> {
  const answers = parseColons((await probes.run("/usr/sbin/sysctl", QUESTIONS)).stdout);
  return [checkFramework(answers.get("kern.hv_support")), checkProcessor(answers, probes)];
}

function checkFramework(support: string | undefined): Finding {
  if (support === "1") return fine("hypervisor framework", "offered by this computer");
  return failure(
    "hypervisor framework",
    `macOS offers no virtualisation here (kern.hv_support is ${support ?? "unknown"}).`,
    "Use a Mac of 2011 or later; where macOS itself is a virtual machine, switch on nested virtualisation for it.",
  );
}

function checkProcessor(answers: Map<string, string>, { architecture }: Probes): Finding {
  if (answers.get("hw.optional.arm64") !== "1") return fine("processor", "Intel");
  if (architecture === "arm64") return fine("processor", "Apple silicon: the machines' images are arm64");
  return failure(
    "processor",
    "This Mac has Apple silicon, but Node.js is the one for Intel and runs translated: it would take images for Intel.",
    "Install Node.js for arm64 (https://nodejs.org), and check with `node -p process.arch`.",
  );
}
