/**
 * Failures as the real VBoxManage 7.2 prints them: the message, then `Details:` with the result code, then `Context:`.
 * Each line goes to standard error behind `VBoxManage: error: `.
 */

/** Result codes of VirtualBox's main API that the stand-in uses. Source: include/VBox/com and VBoxManage 7.2.22's output. */
const CODES = {
  VBOX_E_OBJECT_NOT_FOUND: "0x80bb0001",
  VBOX_E_INVALID_VM_STATE: "0x80bb0002",
  VBOX_E_FILE_ERROR: "0x80bb0004",
  VBOX_E_INVALID_OBJECT_STATE: "0x80bb0007",
  VBOX_E_NOT_SUPPORTED: "0x80bb0009",
  VBOX_E_OBJECT_IN_USE: "0x80bb000c",
  NS_ERROR_INVALID_ARG: "0x80070057",
  NS_ERROR_FAILURE: "0x80004005",
} as const;

export type ResultCode = keyof typeof CODES;

export interface FailureDetails {
  code: ResultCode;
  /** For example `MachineWrap`. */
  component: string;
  /** For example `IMachine`. */
  interface: string;
  /** The call that failed, as the real one names it: `FindMachine(…)`. */
  context?: string;
}

/** A failed call: exit status 1, every line behind `VBoxManage: error: `. */
export class VirtualBoxError extends Error {
  readonly exitStatus: number = 1;
  constructor(
    message: string,
    readonly details?: FailureDetails,
    /** Lines before the message: `Failed to create medium`. */
    readonly heading?: string,
  ) {
    super(message);
    this.name = "VirtualBoxError";
  }

  /** What goes to standard error, without a newline at the end. */
  text(): string {
    const lines = this.heading === undefined ? [] : [this.heading];
    lines.push(...this.message.split("\n"));
    if (this.details) {
      const { code, component, interface: face, context } = this.details;
      const callee = this.heading === undefined ? ", callee nsISupports" : "";
      lines.push(
        `Details: code ${code} (${CODES[code]}), component ${component}, interface ${face}${callee}`,
      );
      if (context !== undefined) lines.push(`Context: "${context}"`);
    }
    return lines.map((line) => `VBoxManage: error: ${line}`).join("\n");
  }
}

/** A call that could not be understood: the banner, the message and the verb's usage; exit status 2, modifyvm's mostly 1. */
export class SyntaxFailure extends VirtualBoxError {
  override readonly exitStatus: number;
  constructor(
    message: string,
    readonly usage?: string,
    exitStatus = usage?.startsWith("modifyvm") ? 1 : 2,
  ) {
    super(message);
    this.name = "SyntaxFailure";
    this.exitStatus = exitStatus;
  }

  override text(): string {
    const usage = this.usage === undefined ? "" : `\n\nUsage:\n\n  VBoxManage ${this.usage}\n`;
    return `${BANNER}\n\nVBoxManage: error: ${this.message}${usage}`;
  }
}

const BANNER = "kube-lab's stand-in for the VirtualBox Command Line Management Interface Version 7.2.22";

/** @param problems of machines whose names are not known: it may be one of them */
export function machineNotFound(name: string, problems: readonly string[] = []): VirtualBoxError {
  const message = [`Could not find a registered machine named '${name}'`, ...problems].join("\n");
  return new VirtualBoxError(message, {
    code: "VBOX_E_OBJECT_NOT_FOUND",
    component: "VirtualBoxWrap",
    interface: "IVirtualBox",
    context: "FindMachine(Bstr(a->argv[0]).raw(), machine.asOutParam())",
  });
}

/** Its record is broken. */
export function machineInaccessible(problem: string): VirtualBoxError {
  return new VirtualBoxError(`The machine is not accessible: ${problem}`, {
    code: "VBOX_E_FILE_ERROR",
    component: "MachineWrap",
    interface: "IMachine",
  });
}

/** The machine runs, or another call changes it at this moment. */
export function machineLocked(name: string): VirtualBoxError {
  return new VirtualBoxError(`The machine '${name}' is already locked for a session (or being unlocked)`, {
    code: "VBOX_E_INVALID_OBJECT_STATE",
    component: "MachineWrap",
    interface: "IMachine",
    context: "LockMachine(a->session, LockType_Write)",
  });
}

export function snapshotNotFound(
  name: string,
  component: "MachineWrap" | "SessionMachine" = "MachineWrap",
): VirtualBoxError {
  return new VirtualBoxError(`Could not find a snapshot named '${name}'`, {
    code: "VBOX_E_OBJECT_NOT_FOUND",
    component,
    interface: "IMachine",
    context: "FindSnapshot(Bstr(pszSnapshotName).raw(), srcSnapshot.asOutParam())",
  });
}

export function mediumNotFound(location: string): VirtualBoxError {
  return new VirtualBoxError(`Could not find file for the medium '${location}' (VERR_FILE_NOT_FOUND)`, {
    code: "VBOX_E_FILE_ERROR",
    component: "MediumWrap",
    interface: "IMedium",
    context: "OpenMedium(Bstr(pszFilenameOrUuid).raw(), enmDevType, enmAccessMode, fForceNewUuidOnOpen)",
  });
}

/** Its record is broken. */
export function mediumInaccessible(problem: string): VirtualBoxError {
  return new VirtualBoxError(`The medium is not accessible: ${problem}`, {
    code: "VBOX_E_FILE_ERROR",
    component: "MediumWrap",
    interface: "IMedium",
  });
}

/** A value the real one's API refuses. `owner`: the object whose setter refuses, for example `SessionMachine`. */
export function invalidArgument(
  message: string,
  owner:
    | "SessionMachine"
    | "MachineWrap"
    | "VirtualBoxWrap"
    | "GraphicsAdapterWrap"
    | "NetworkAdapterWrap"
    | "NATEngineWrap",
) {
  const faces = {
    SessionMachine: "IMachine",
    MachineWrap: "IMachine",
    VirtualBoxWrap: "IVirtualBox",
    GraphicsAdapterWrap: "IGraphicsAdapter",
    NetworkAdapterWrap: "INetworkAdapter",
    NATEngineWrap: "INATEngine",
  } as const;
  return new VirtualBoxError(message, {
    code: "NS_ERROR_INVALID_ARG",
    component: owner,
    interface: faces[owner],
  });
}
