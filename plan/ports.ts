/**
 * Where the dashboard answers: on every node, the virtual IP and the gateway. Of the ports up to 30085 Kubernetes gives none
 * to a service that asks for no certain one, as long as there are others.
 */
export const dashboardPort = 30082;

/** Where applications answer on the virtual IP: what browsers ask when an address names no port. */
export const webPorts = { http: 80, https: 443 } as const;
