/** The Pulumi CLI that is downloaded or built where there is none. */
export const cliVersion = "3.250.0";

/** The last Node.js language host whose source is a module of its own on the Go module proxy; it runs today's programs. */
export const nodeHostVersion = "3.68.0";

/** The oldest CLI of the user's own that is used as it is. */
export const oldestOwnCli = "3.200.0";

/** Go that the CLI's module asks for. */
export const oldestGo = "1.25.11";
