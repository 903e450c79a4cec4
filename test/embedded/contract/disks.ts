import { ok, PROGRESS, type Step, UUID } from "./step";

export function dataDisks(folder: string): Step[] {
  const create = [
    "createmedium",
    "disk",
    "--filename",
    `${folder}/data.vdi`,
    "--size",
    "1000",
    "--format",
    "VDI",
    "--variant",
    "Standard",
  ];
  const attach = ["storageattach", "kl-c1", "--storagectl", "SATA", "--port"];
  return [
    {
      args: create,
      status: 0,
      stdout: [new RegExp(`^Medium created\\. UUID: ${UUID}$`, "m")],
      stderr: [PROGRESS],
    },
    {
      args: create,
      status: 1,
      stderr: [
        /^VBoxManage: error: Failed to create medium$/m,
        /^VBoxManage: error: VDI: cannot create image '.*data\.vdi' \(VERR_ALREADY_EXISTS\)$/m,
        /^VBoxManage: error: Details: code VBOX_E_FILE_ERROR \(0x80bb0004\), component MediumWrap, interface IMedium$/m,
      ],
    },
    {
      args: ["showmediuminfo", "disk", `${folder}/data.vdi`],
      status: 0,
      stdout: [
        new RegExp(`^UUID:           ${UUID}$`, "m"),
        /^Parent UUID: {4}base$/m,
        /^State: {10}created$/m,
        /^Type: {11}normal \(base\)$/m,
        new RegExp(`^Location:       ${folder}/data.vdi$`, "m"),
        /^Storage format: VDI$/m,
        /^Capacity: {7}1000 MBytes$/m,
      ],
    },
    {
      args: ["modifymedium", "disk", `${folder}/data.vdi`, "--resize", "2000"],
      status: 0,
      stderr: [PROGRESS],
    },
    {
      args: ["modifymedium", "disk", `${folder}/data.vdi`, "--resize", "1000"],
      status: 1,
      stderr: [
        /^VBoxManage: error: Shrinking is not yet supported for medium '.*data\.vdi'$/m,
        /code VBOX_E_NOT_SUPPORTED \(0x80bb0009\)/,
      ],
    },
    {
      args: ["showmediuminfo", "disk", `${folder}/data.vdi`],
      status: 0,
      stdout: [/^Capacity: {7}2000 MBytes$/m],
    },
    {
      args: ["modifymedium", "disk", `${folder}/data.vdi`, "--resize", "2000001"],
      status: 1,
      stderr: [
        /^VBoxManage: error: Error: Attempt to resize the medium from 2000\.0 MB to 2000001\.0 MB\. Use --resizebyte/m,
      ],
    },
    {
      args: ["modifymedium", "disk", `${folder}/data.vdi`, "--resizebyte", String(2000 * 2 ** 20)],
      status: 0,
      stderr: [PROGRESS],
    },
    {
      args: ["showmediuminfo", "disk", `${folder}/none.vdi`],
      status: 1,
      stderr: [/Could not find file for the medium '.*none\.vdi'/],
    },
    ok(...attach, "1", "--device", "0", "--type", "hdd", "--medium", `${folder}/data.vdi`),
    {
      args: [...attach, "3", "--device", "0", "--type", "hdd", "--medium", `${folder}/data.vdi`],
      status: 1,
      stderr: [/is already attached to this virtual machine$/m, /code VBOX_E_OBJECT_IN_USE/],
    },
    ok(...attach, "2", "--device", "0", "--type", "dvddrive", "--medium", `${folder}/seed.iso`),
    {
      args: ["showvminfo", "kl-c1", "--machinereadable"],
      status: 0,
      stdout: [
        new RegExp(`^"SATA-1-0"="${folder}/data.vdi"$`, "m"),
        new RegExp(`^"SATA-2-0"="${folder}/seed.iso"$`, "m"),
        new RegExp(`^"SATA-ImageUUID-2-0"="${UUID}"$`, "m"),
        /^"SATA-IsEjected-2-0"="off"$/m,
      ],
    },
    {
      args: ["closemedium", "dvd", `${folder}/seed.iso`],
      status: 1,
      stderr: [
        /cannot be closed because it is still attached to 1 virtual machines$/m,
        /code VBOX_E_OBJECT_IN_USE \(0x80bb000c\)/,
      ],
    },
    ok(...attach, "2", "--device", "0", "--type", "dvddrive", "--medium", "emptydrive"),
    { args: ["showvminfo", "kl-c1", "--machinereadable"], status: 0, stdout: [/^"SATA-2-0"="emptydrive"$/m] },
    ok("closemedium", "dvd", `${folder}/seed.iso`),
    ok(...attach, "2", "--device", "0", "--type", "dvddrive", "--medium", "none"),
    {
      args: [...attach, "2", "--device", "0", "--type", "dvddrive", "--medium", "none"],
      status: 1,
      stderr: [
        /^VBoxManage: error: No storage device attached to device slot 0 on port 2 of controller 'SATA'$/m,
      ],
    },
    {
      args: ["list", "hdds"],
      status: 0,
      stdout: [
        new RegExp(
          `^UUID: {11}${UUID}\\nParent UUID: {4}base\\nState: {10}created\\nType: {11}normal \\(base\\)\\nLocation: {7}${folder}/data.vdi\\nStorage format: VDI\\nCapacity: {7}2000 MBytes\\nEncryption: {5}disabled\\n$`,
          "m",
        ),
        /^Type: {11}normal \(differencing\)$/m,
      ],
    },
    {
      args: ["closemedium", "disk", `${folder}/data.vdi`, "--delete"],
      status: 1,
      stderr: [/cannot be closed because it is still attached to 1 virtual machines$/m],
    },
    {
      args: ["clonemedium", "disk", `${folder}/data.vdi`, `${folder}/copy.vdi`, "--format", "VDI"],
      status: 0,
      stdout: [new RegExp(`^Clone medium created in format 'VDI'\\. UUID: ${UUID}$`, "m")],
    },
    ok("closemedium", "disk", `${folder}/copy.vdi`, "--delete"),
  ];
}
