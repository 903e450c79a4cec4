import { setCommand } from "../problems";
import { systemNames } from "../system-names";
import type { ConfigurationCheck } from "./check";

/** The login must be a new user's and group's. One that a living lab has is proof enough. */
export const checkUser: ConfigurationCheck = ({ configuration: { user }, defaults, living }) => {
  const isOfLiving = Object.keys(living).length > 0 && (living.USER ?? user) === user;
  return isOfLiving || !systemNames.has(user)
    ? []
    : [
        {
          key: "user",
          value: user,
          reason: "Debian or Ubuntu has a user or a group of that name, and no other can be made",
          allowed: "a Linux user name of at most 32 characters, not one the system has",
          fix: setCommand("user", defaults.user),
        },
      ];
};
