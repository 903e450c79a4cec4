import { z } from "zod";
import type { ProcessResult } from "../../lib/process";
import { type Finding, failure, fine, warning } from "./finding";
import type { Probes } from "./probes";

/** What Windows' management interface tells without administrator's rights. */
const shape = z.object({
  caption: z.string(),
  build: z.string(),
  /** Windows itself runs on its hypervisor. */
  hypervisor: z.boolean(),
  /** VT-x or AMD-V; says nothing while the hypervisor has it. */
  firmware: z.boolean().nullable(),
  /** Core isolation's memory integrity. */
  integrity: z.boolean(),
  features: z.array(z.string()),
  /** VirtualBox's kernel driver: Running, Stopped; null where there is none. */
  driver: z.string().nullable(),
});
type Answer = z.infer<typeof shape>;

/** Optional features that start Windows' hypervisor. */
const FEATURES = [
  "Microsoft-Hyper-V-Hypervisor",
  "VirtualMachinePlatform",
  "HypervisorPlatform",
  "Containers-DisposableClientVM",
];

/** One start of PowerShell, which costs a second, for all. No double quotes: they'd need quoting of their own. */
const QUESTION = [
  "$ErrorActionPreference = 'SilentlyContinue'",
  "$computer = Get-CimInstance Win32_ComputerSystem",
  "$system = Get-CimInstance Win32_OperatingSystem",
  "$processor = Get-CimInstance Win32_Processor | Select-Object -First 1",
  "$guard = Get-CimInstance -Namespace root\\Microsoft\\Windows\\DeviceGuard Win32_DeviceGuard",
  "$driver = Get-CimInstance Win32_SystemDriver | Where-Object { $_.Name -in 'VBoxSup', 'VBoxDrv' } | Select-Object -First 1",
  // Slow, and of interest only then.
  `$features = if ($computer.HypervisorPresent) { Get-CimInstance Win32_OptionalFeature | Where-Object { $_.InstallState -eq 1 -and $_.Name -in ${FEATURES.map((name) => `'${name}'`).join(", ")} } }`,
  "[pscustomobject]@{ caption = [string]$system.Caption; build = [string]$system.BuildNumber; hypervisor = [bool]$computer.HypervisorPresent; firmware = $processor.VirtualizationFirmwareEnabled; integrity = [bool]($guard.SecurityServicesRunning -contains 2); features = @($features | ForEach-Object { $_.Name }); driver = $driver.State } | ConvertTo-Json -Compress",
].join("; ");

/** Kernel driver, processor and Windows' own hypervisor. */
export async function checkWindows(probes: Probes): Promise<Finding[]> {
  const result = await probes.run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", QUESTION]);
  const answer = read(result);
  if (answer === undefined)
    return [
      warning(
        "Windows",
        `PowerShell does not tell about virtualisation: ${words(result)}.`,
        "Run `systeminfo` and look at its last lines yourself: no hypervisor, virtualisation enabled in firmware.",
      ),
    ];
  const system = fine("Windows", `${answer.caption} (build ${answer.build})`);
  return [system, checkDriver(answer), checkProcessor(answer), checkHyperV(answer)];
}

function read({ stdout }: ProcessResult): Answer | undefined {
  try {
    return shape.parse(JSON.parse(stdout));
  } catch {
    return undefined;
  }
}

function words({ startError, timedOut, stderr, status }: ProcessResult): string {
  return startError ?? (timedOut ? "it did not end" : stderr.trim().split("\n")[0] || `status ${status}`);
}

function checkDriver({ driver }: Answer): Finding {
  if (driver === "Running") return fine("kernel driver", "loaded");
  return failure(
    "kernel driver",
    `VirtualBox's kernel driver is ${driver === null ? "not installed" : driver.toLowerCase()}.`,
    driver === null
      ? "Repair VirtualBox's installation (Settings > Apps > Oracle VirtualBox > Modify), then restart Windows."
      : "Start it in a terminal opened as administrator: `sc.exe start vboxsup`.",
  );
}

function checkProcessor({ hypervisor, firmware }: Answer): Finding {
  // While Windows' hypervisor runs, it has the virtualisation, and the firmware's answer is no.
  if (hypervisor || firmware !== false) return fine("processor", "virtualisation is switched on");
  return failure(
    "processor",
    "VT-x or AMD-V is switched off in the firmware.",
    "Settings > System > Recovery > Advanced start-up > UEFI firmware settings: switch on Intel VT-x or AMD SVM.",
  );
}

/** VirtualBox works beside Hyper-V, but slowly, and on some computers not at all (VERR_NEM_VM_CREATE_FAILED). */
function checkHyperV({ hypervisor, integrity, features }: Answer): Finding {
  if (!hypervisor) return fine("Hyper-V", "not running");
  const users = [...features, ...(integrity ? ["memory integrity"] : [])];
  const steps = [
    ...features.map((name) => `\`dism.exe /Online /Disable-Feature /NoRestart /FeatureName:${name}\``),
    "`bcdedit.exe /set hypervisorlaunchtype off`",
  ];
  return warning(
    "Hyper-V",
    `Windows' own hypervisor runs${users.length > 0 ? ` (${users.join(", ")})` : ""}: machines are slow beside it or do not start (VERR_NEM_VM_CREATE_FAILED).`,
    `In a terminal opened as administrator: ${steps.join(", ")}${integrity ? "; Windows Security > Device security > Core isolation: switch memory integrity off" : ""}; then restart Windows. WSL 2 and Docker Desktop need it: back with \`bcdedit.exe /set hypervisorlaunchtype auto\`.`,
  );
}
