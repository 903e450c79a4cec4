import { SyntaxFailure, VirtualBoxError } from "../errors";
import type { Verb } from "./verb";

const USAGE = "hostonlyif ipconfig <ifname> … | create | remove <ifname>";

/** `hostonlyif`: refused; an interface on the host is what the stand-in never makes. */
export const hostOnly: Verb = async ({ args }) => {
  const [action, name = ""] = args;
  if (action === "create")
    throw new VirtualBoxError(
      "The stand-in has no host-only adapters, it keeps off the host's network: reach the lab by its forwards",
      { code: "NS_ERROR_FAILURE", component: "HostNetworkInterfaceWrap", interface: "IHostNetworkInterface" },
      "Failed to create the host-only adapter",
    );
  if (action === "remove" || action === "ipconfig")
    throw new VirtualBoxError(`The host network interface named '${name}' could not be found`, {
      code: "NS_ERROR_INVALID_ARG",
      component: "HostWrap",
      interface: "IHost",
      context: "FindHostNetworkInterfaceByName(Bstr(pszName).raw(), hif.asOutParam())",
    });
  throw new SyntaxFailure(`Invalid parameter '${action ?? ""}'`, USAGE);
};
