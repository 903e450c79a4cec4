/** Where applications answer on the virtual IP: what browsers ask when an address names no port. */
export const webPorts = { http: 80, https: 443 } as const;
