/** Extended attribute that holds a file's capabilities. */
export const capabilityAttribute = "security.capability";

const revision2 = 0x02000000;
const effective = 0x01;
const netBindService = 10;

/**
 * The attribute's value for `cap_net_bind_service=ep` (struct vfs_cap_data, revision 2, linux/capability.h): a program with
 * it may listen on ports below 1024 without being root.
 */
export function netBindServiceCapability(): Buffer {
  const value = Buffer.alloc(20);
  value.writeUInt32LE(revision2 | effective, 0);
  value.writeUInt32LE(1 << netBindService, 4);
  return value;
}
