import { hostSettings } from "../../../scripts/test-fresh/host-settings";

const everywhere = () => true;

test("a fresh computer reaches registries as this one does", () => {
  const environment = {
    https_proxy: "http://proxy.example:3128",
    NODE_EXTRA_CA_CERTS: "/etc/own/authority.pem",
    SSL_CERT_DIR: "/etc/ssl/certs",
    GOFLAGS: "-mod=mod",
    PULUMI_ACCESS_TOKEN: "secret",
    npm_config_cache: "/home/me/.npm",
    HOME: "/home/me",
  };
  const go = { GOPROXY: "https://modules.example", GOSUMDB: "off", GOROOT: "/usr/local/go", GONOSUMDB: "" };
  const settings = hostSettings(environment, go, ["/home/me/.npmrc"], everywhere);
  expect(settings.environment).toEqual({
    https_proxy: "http://proxy.example:3128",
    NODE_EXTRA_CA_CERTS: "/etc/own/authority.pem",
    SSL_CERT_DIR: "/etc/ssl/certs",
    GOPROXY: "https://modules.example",
    GOSUMDB: "off",
  });
  const named = ["/etc/own/authority.pem", "/home/me/.npmrc", "/etc/apt/auth.conf.d", "/etc/hosts"];
  expect(settings.files).toEqual(expect.arrayContaining(named));
  expect(settings.files).not.toContain("/etc/ssl/certs");
});

test("a file that is not here is not carried", () => {
  expect(
    hostSettings({ SSL_CERT_FILE: "/gone.pem" }, {}, ["/gone"], (path) => path === "/etc/hosts").files,
  ).toEqual(["/etc/hosts"]);
});
