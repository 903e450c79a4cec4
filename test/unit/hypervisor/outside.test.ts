import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readOutside } from "../../../hypervisor/guest/outside";
import { selfSigned } from "../plan/self-signed";
import { scratch } from "./fixtures";

const { folder, remove } = scratch();
afterAll(remove);

const registry = { host: "r.example", mirrors: [], insecure: false };

test("a file with several certificates is several, and a login belongs to its registry", async () => {
  const [first, second] = [await selfSigned(true), await selfSigned(false)];
  writeFileSync(join(folder, "house.pem"), `comment\n${first.certificate}\n${second.certificate}`);
  const login = { username: "alice", password: "p" };
  const outside = readOutside(
    folder,
    { certificateAuthorities: ["house.pem"], registries: [{ ...registry, authority: "house.pem" }] },
    new Map([["r.example", login]]),
  );
  expect(outside.authorities.map((pem) => pem.trim())).toEqual(
    [first, second].map(({ certificate }) => certificate.trim()),
  );
  expect(outside.registries).toEqual([
    { ...registry, authority: "house.pem", login, certificates: outside.authorities.join("") },
  ]);
});

test("every file that is missing, no certificate, or has a private key is named in one error", async () => {
  const { certificate, privateKey } = await selfSigned(true);
  writeFileSync(join(folder, "empty.pem"), "");
  writeFileSync(join(folder, "both.pem"), `${privateKey}\n${certificate}`);
  const read = () =>
    readOutside(
      folder,
      {
        certificateAuthorities: ["missing.pem", "empty.pem"],
        registries: [{ ...registry, authority: "both.pem" }],
      },
      new Map(),
    );
  expect(read).toThrow(/certificateAuthorities\[0\] = missing\.pem: .*is not there\n.*\[1\].*no certificate/);
  expect(read).toThrow(/registries\["r\.example"\]\.authority = both\.pem: a private key is in it/);
  expect(read).not.toThrow(/BEGIN/);
});
